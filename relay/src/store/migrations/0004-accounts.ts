/** Accounts that the operator has blocked, and how many bytes wait in a mailbox. */
export const accountsAndBytes = `
ALTER TABLE accounts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN waiting_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE mailboxes SET waiting_bytes = (
  SELECT coalesce(sum(length(e.envelope)), 0) FROM envelopes e WHERE e.device = mailboxes.device
);
`;
