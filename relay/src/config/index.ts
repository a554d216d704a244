/** What an operator can set, and how it is read. */
export { type Config, ConfigError, parseConfig, type Rates, readConfig } from './config.ts';
export { type Option, optionNames, options } from './options.ts';
