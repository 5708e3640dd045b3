/** Shapes of traffic: frames per second over time. Pure. */
import type { Rate } from "./types.ts";

/** The same all the time. */
export function steady(fps: number): Rate {
  return () => fps;
}

/** Each rate for `every_s`; the last one stays. */
export function steps(rates_fps: readonly number[], every_s: number): Rate {
  return (t_s) => {
    const at = Math.min(Math.max(0, Math.floor(t_s / every_s)), rates_fps.length - 1);
    return rates_fps[at]!;
  };
}

/** `peak_fps` for `length_s` at the end of each `every_s`, else `base_fps`. */
export function bursts(
  base_fps: number,
  peak_fps: number,
  every_s: number,
  length_s: number,
): Rate {
  return (t_s) => {
    const phase = ((t_s % every_s) + every_s) % every_s;
    return phase >= every_s - length_s ? peak_fps : base_fps;
  };
}

/** A flash crowd: up within `rise_s` from `at_s` on, there for `hold_s`, gone within `fall_s`. */
export function flash(
  base_fps: number,
  peak_fps: number,
  at_s: number,
  rise_s: number,
  hold_s: number,
  fall_s: number,
): Rate {
  const points = [
    [at_s, base_fps],
    [at_s + rise_s, peak_fps],
    [at_s + rise_s + hold_s, peak_fps],
    [at_s + rise_s + hold_s + fall_s, base_fps],
  ] as const;
  return between(points);
}

const day_s = 86_400;

/** A day: `high_fps` at `peak_s`, `low_fps` twelve hours off, a wave between. */
export function day(low_fps: number, high_fps: number, peak_s: number): Rate {
  return (t_s) => {
    const wave = (1 + Math.cos((2 * Math.PI * (t_s - peak_s)) / day_s)) / 2;
    return low_fps + (high_fps - low_fps) * wave;
  };
}

/** Straight lines between points in order of time; the first and the last value go on. */
export function between(points: readonly (readonly [t_s: number, fps: number])[]): Rate {
  const times = Float64Array.from(points, ([t_s]) => t_s);
  const rates = Float64Array.from(points, ([, fps]) => fps);
  return (t_s) => {
    let low = 0; // points before or at t_s
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle]! <= t_s) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return rates[0]!;
    if (low === times.length) return rates[low - 1]!;
    const share = (t_s - times[low - 1]!) / (times[low]! - times[low - 1]!);
    return rates[low - 1]! + (rates[low]! - rates[low - 1]!) * share;
  };
}

/** All of them together. */
export function sum(rates: readonly Rate[]): Rate {
  if (rates.length === 1) return rates[0]!;
  return (t_s) => rates.reduce((total, rate) => total + rate(t_s), 0);
}

/** The same, later. */
export function later(rate: Rate, by_s: number): Rate {
  return by_s === 0 ? rate : (t_s) => rate(t_s - by_s);
}
