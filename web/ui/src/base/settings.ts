// What a person chose, kept in this browser. Reading never fails: storage may be forbidden or stale.
import { useEffect, useState } from 'preact/hooks';

export interface Settings {
  theme: 'system' | 'light' | 'dark';
  timeZone: 'local' | 'utc';
  refreshSeconds: number; // 0 = off
  history: string[]; // newest first
  saved: string[]; // in the order in which they were saved
}

const storageKey = 'hearth-settings';
const historyLimit = 100;
const defaults: Settings = { theme: 'system', timeZone: 'local', refreshSeconds: 0, history: [], saved: [] };

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function load(): Settings {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(storageKey) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return defaults;
    const s = { ...defaults, ...(stored as Partial<Settings>) };
    return {
      theme: s.theme === 'light' || s.theme === 'dark' ? s.theme : 'system',
      timeZone: s.timeZone === 'utc' ? 'utc' : 'local',
      refreshSeconds: Number.isFinite(s.refreshSeconds) ? Math.max(0, s.refreshSeconds) : 0,
      history: texts(s.history).slice(0, historyLimit),
      saved: texts(s.saved),
    };
  } catch {
    return defaults;
  }
}

let current = load();
const watchers = new Set<() => void>();

export function settings(): Settings {
  return current;
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    window.localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // Private windows and full disks: the choice then lasts as long as the page.
  }
  watchers.forEach((watch) => watch());
}

// Calls watch right after every change, before anything is drawn again.
export function watchSettings(watch: () => void): () => void {
  watchers.add(watch);
  return () => void watchers.delete(watch);
}

export function useSettings(): Settings {
  const [value, setValue] = useState(current);
  useEffect(() => {
    const watch = () => setValue(current);
    watch();
    return watchSettings(watch);
  }, []);
  return value;
}

export function remember(expression: string): void {
  const text = expression.trim();
  if (text === '') return;
  const rest = current.history.filter((h) => h !== text);
  changeSettings({ history: [text, ...rest].slice(0, historyLimit) });
}

export function isSaved(expression: string): boolean {
  return current.saved.includes(expression);
}

export function toggleSaved(expression: string): void {
  const saved = isSaved(expression)
    ? current.saved.filter((other) => other !== expression) : [...current.saved, expression];
  changeSettings({ saved });
}
