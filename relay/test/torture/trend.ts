/** A line through measurements, and whether it rises. */

export interface Trend {
  /** Of the line, from the first point to the last. */
  readonly growth: number;
  /** Its standard error. */
  readonly error: number;
  /** How far the points lie from the line: the standard deviation. */
  readonly spread: number;
  readonly mean: number;
}

/** Least squares. NaN for fewer than three points. */
export function trendOf(points: readonly (readonly [at: number, value: number])[]): Trend {
  const count = points.length;
  const mean = points.reduce((sum, [, value]) => sum + value, 0) / count;
  if (count < 3) return { growth: NaN, error: NaN, spread: NaN, mean };
  const middle = points.reduce((sum, [at]) => sum + at, 0) / count;
  const width = points.reduce((sum, [at]) => sum + (at - middle) ** 2, 0);
  const slope = points.reduce((sum, [at, value]) => sum + (at - middle) * (value - mean), 0) / width;
  const residuals = points.reduce((sum, [at, value]) => sum + (value - mean - slope * (at - middle)) ** 2, 0);
  const spread = Math.sqrt(residuals / (count - 2));
  const length = points.at(-1)![0] - points[0]![0];
  return { growth: slope * length, error: (spread / Math.sqrt(width)) * length, spread, mean };
}
