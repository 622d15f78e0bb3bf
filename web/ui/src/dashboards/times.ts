// The range of a dashboard: "now-6h" to "now", or instants in milliseconds, as in Grafana's addresses.
import { formatDuration, parseDuration } from '../format/duration';

export function parseTime(text: string, nowMs: number): number | null {
  const trimmed = text.trim();
  if (/^\d{12,14}$/.test(trimmed)) return Number(trimmed);
  const match = /^now(?:([+-])([\d.a-z]+))?(?:\/[a-zA-Z]+)?$/.exec(trimmed);
  if (match === null) {
    const time = Date.parse(trimmed);
    return /^\d{4}-/.test(trimmed) && !Number.isNaN(time) ? time : null;
  }
  if (match[2] === undefined) return nowMs;
  const duration = parseDuration(match[2].replace(/(\d)M$/, (_all, digit) => `${digit}m`));
  return duration === null ? null : nowMs + (match[1] === '-' ? -duration : duration);
}

export interface Range {
  startMs: number;
  endMs: number;
}

export function resolveRange(from: string, to: string, nowMs: number): Range {
  const end = parseTime(to, nowMs) ?? nowMs;
  const start = parseTime(from, nowMs) ?? end - 3600_000;
  return start < end ? { startMs: start, endMs: end } : { startMs: end - 3600_000, endMs: end };
}

const roundSteps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];

// A round number of seconds: about one step for two pixels, none below that of scrapes.
export function niceStepMs(rangeMs: number, points: number, leastMs: number): number {
  const wanted = Math.max(rangeMs / Math.max(points, 10), leastMs, 1000) / 1000;
  const step = roundSteps.find((round) => round >= wanted * 0.75) ?? Math.ceil(wanted);
  return Math.max(step * 1000, leastMs);
}

// What $__interval and its like stand for.
export function timeMacros({ startMs, endMs }: Range, stepMs: number, scrapeMs: number): Record<string, string> {
  const rangeSeconds = Math.max(1, Math.round((endMs - startMs) / 1000));
  const rate = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  return {
    __interval: formatDuration(stepMs),
    __interval_ms: String(stepMs),
    __rate_interval: formatDuration(rate),
    __rate_interval_ms: String(rate),
    __range: `${rangeSeconds}s`,
    __range_s: String(rangeSeconds),
    __range_ms: String(rangeSeconds * 1000),
    __from: String(startMs),
    __to: String(endMs),
  };
}
