/** The small values that the messages between the parts of the extension are made of, each with its bound. */
import * as v from 'valibot';

export const keySchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
export const shortTextSchema = v.pipe(v.string(), v.maxLength(200));
export const longTextSchema = v.pipe(v.string(), v.maxLength(32 * 1024));
export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const codeSchema = v.pipe(v.string(), v.regex(/^[A-Za-z_-]{1,60}$/));
export const placeSchema = v.strictObject({ counter: countSchema, key: keySchema });
