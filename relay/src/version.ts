/** Of the program: in `/v1/about`, and between a relay and its command line. */
export const version = '0.1.0';
