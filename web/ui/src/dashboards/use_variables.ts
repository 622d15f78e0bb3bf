// The choices of a dashboard's variables, asked one after the other: a query may name those before it.
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api/client';
import type { QueryData } from '../api/types';
import { seriesName } from '../format/series_name';
import type { Dashboard, Variable } from './model';
import type { Range } from './times';
import { itemsOf } from './values';
import { applyRegex, interpolate, listedChoices, parseVariableQuery, startValues } from './variables';

export interface VariableState {
  values: Map<string, string[]>;
  choices: Map<string, string[]>;
  failure: string;
  ready: boolean;
}

async function ask(query: string, range: Range, signal: AbortSignal): Promise<string[]> {
  const parsed = parseVariableQuery(query);
  const span = { start: range.startMs / 1000, end: range.endMs / 1000 };
  if (parsed === null) throw new Error(`the variable's query is not understood: ${query}`);
  if (parsed.kind === 'label') {
    const match = parsed.match === '' ? {} : { 'match[]': parsed.match };
    return (await get<string[]>(`label/${encodeURIComponent(parsed.label)}/values`, { ...span, ...match }, signal)).data;
  }
  if (parsed.kind === 'names') return (await get<string[]>('labels', span, signal)).data;
  if (parsed.kind === 'metrics') {
    const names = (await get<string[]>('label/__name__/values', span, signal)).data;
    return applyRegex(names, `/${parsed.pattern}/`).length > 0 ? names.filter((name) => new RegExp(parsed.pattern).test(name)) : [];
  }
  const { data } = await post<QueryData>('query', { query: parsed.expr, time: range.endMs / 1000 }, signal);
  return itemsOf(data).map((item) => `${seriesName(item.metric)} ${item.value?.[1] ?? ''}`);
}

async function choicesOf(
  variable: Variable, board: Dashboard, state: VariableState, range: Range, signal: AbortSignal,
): Promise<string[]> {
  if (variable.kind !== 'query') return listedChoices(variable.query);
  const query = interpolate(variable.query, board.variables, state.values, state.choices, {});
  return applyRegex(await ask(query, range, signal), variable.regex).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

// chosen: what the address says, by name. Asked again when that or the dashboard changes.
export function useVariables(board: Dashboard | null, chosen: Map<string, string[]>, range: Range): VariableState {
  const [state, setState] = useState<VariableState>({ values: new Map(), choices: new Map(), failure: '', ready: false });
  const key = JSON.stringify([...chosen]);
  useEffect(() => {
    if (board === null) return undefined;
    const request = new AbortController();
    const run = async () => {
      const next: VariableState = { values: new Map(), choices: new Map(), failure: '', ready: true };
      for (const variable of board.variables) {
        try {
          next.choices.set(variable.name, await choicesOf(variable, board, next, range, request.signal));
        } catch (error) {
          next.failure = `${variable.label}: ${(error as Error).message}`;
          next.choices.set(variable.name, []);
        }
        const from = chosen.get(variable.name) ?? [];
        next.values.set(variable.name, startValues(variable, from, next.choices.get(variable.name)!));
      }
      if (!request.signal.aborted) setState(next);
    };
    void run();
    return () => request.abort();
  }, [board, key]);
  return state;
}
