/** What an operator can set, and how it is read. */
export { adviceOn } from './advice.ts';
export { type Config, ConfigError, gather, parseConfig, type Rates, readConfig } from './config.ts';
export { nearest } from './nearest.ts';
export { type Option, optionNames, options } from './options.ts';
