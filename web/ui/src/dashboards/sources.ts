// Where dashboards come from: the program itself, the server's folder, a file opened in this browser.
import { get } from '../api/client';
import hearth from '../../../../deploy/grafana/dashboards/hearth-server.json';
import node from '../../../../deploy/grafana/dashboards/node.json';

export interface Entry {
  id: string; // of the address
  title: string;
  where: 'embedded' | 'server' | 'browser';
  error?: string;
}

const embedded: Record<string, unknown> = { hearth, node };
const localPrefix = 'local:';
const storageKey = 'hearth-dashboard:';

export const embeddedEntries: Entry[] = [
  { id: 'hearth', title: hearth.title, where: 'embedded' },
  { id: 'node', title: node.title, where: 'embedded' },
];

export interface ServerList {
  folder: string;
  dashboards: { name: string; title?: string; error?: string }[];
}

export function serverEntries(list: ServerList): Entry[] {
  return list.dashboards.map(({ name, title, error }) => ({ id: name, title: title ?? name, where: 'server', error }));
}

export function localEntries(): Entry[] {
  try {
    return Object.keys(window.localStorage).filter((key) => key.startsWith(storageKey)).sort()
      .map((key) => key.slice(storageKey.length))
      .map((title) => ({ id: localPrefix + title, title, where: 'browser' }));
  } catch {
    return [];
  }
}

// Throws where the browser has no room or no storage.
export function keepLocal(title: string, text: string): string {
  window.localStorage.setItem(storageKey + title, text);
  return localPrefix + title;
}

export function forgetLocal(id: string): void {
  window.localStorage.removeItem(storageKey + id.slice(localPrefix.length));
}

export async function loadDashboard(id: string, signal: AbortSignal): Promise<unknown> {
  if (Object.hasOwn(embedded, id)) return embedded[id];
  if (id.startsWith(localPrefix)) {
    const text = window.localStorage.getItem(storageKey + id.slice(localPrefix.length));
    if (text === null) throw new Error('This browser has no such dashboard; open its file again.');
    return JSON.parse(text);
  }
  return (await get<unknown>(`dashboards/${encodeURIComponent(id)}`, {}, signal)).data;
}
