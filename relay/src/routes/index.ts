/** The relay's interface, route by route, as shared/src/wire describes it. */
export { addAccountRoutes, lookupQuery } from './accounts.ts';
export { addEventRoutes, groupsQuery, mailboxQuery } from './events.ts';
export { addGroupRoutes } from './groups.ts';
export { addMailboxRoutes } from './mailboxes.ts';
export { addPrekeyRoutes } from './prekeys.ts';
export { clientAddress, createRateLimits, type Services } from './services.ts';
export { addSessionRoutes } from './sessions.ts';
export { addStatusRoutes } from './status.ts';
