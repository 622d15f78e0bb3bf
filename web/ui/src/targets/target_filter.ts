// Which targets are shown: prepared once per answer, so that typing stays fast with thousands.
import type { Target } from '../api/types';
import { parseDuration } from '../format/duration';

export type HealthFilter = 'all' | 'up' | 'down' | 'unknown';

export interface ListedTarget {
  target: Target;
  searchable: string;
}

export interface Pool {
  name: string;
  shown: Target[];
  up: number;
  total: number;
}

export function listTargets(targets: Target[]): ListedTarget[] {
  return targets.map((target) => ({
    target,
    searchable: [
      target.scrapePool,
      target.scrapeUrl,
      target.lastError,
      ...Object.entries(target.labels).map(([name, value]) => `${name}="${value}"`),
    ].join('\n').toLowerCase(),
  }));
}

// Pools in the order of their names, each with the targets that pass; pools without any are left out.
export function filterPools(listed: ListedTarget[], search: string, health: HealthFilter): Pool[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const pools = new Map<string, Pool>();
  for (const { target, searchable } of listed) {
    let pool = pools.get(target.scrapePool);
    if (pool === undefined) {
      pool = { name: target.scrapePool, shown: [], up: 0, total: 0 };
      pools.set(target.scrapePool, pool);
    }
    pool.total += 1;
    if (target.health === 'up') pool.up += 1;
    if (health !== 'all' && target.health !== health) continue;
    if (words.every((word) => searchable.includes(word))) pool.shown.push(target);
  }
  return [...pools.values()].filter((pool) => pool.shown.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

// Milliseconds since the last scrape; null for a target that was never scraped.
export function scrapeAge(target: Target, nowMs: number): number | null {
  const last = Date.parse(target.lastScrape);
  return Number.isNaN(last) || last <= 0 ? null : Math.max(0, nowMs - last);
}

// Late: a whole interval and the time-out have passed since a scrape should have begun.
export function isLate(target: Target, nowMs: number): boolean {
  const age = scrapeAge(target, nowMs);
  const interval = parseDuration(target.scrapeInterval);
  if (age === null || interval === null) return false;
  return age > 2 * interval + (parseDuration(target.scrapeTimeout) ?? 0);
}
