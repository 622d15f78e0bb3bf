// Values of a dashboard's variables, and expressions with them put in.
import type { Variable } from './model';

export const allChoice = '$__all';
export type Values = ReadonlyMap<string, string[]>;
export type Choices = ReadonlyMap<string, string[]>;

function escapeRegex(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\\\$&');
}

function escapeQuoted(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

// What stands for a variable in PromQL: a variable that may have several values is a pattern.
function promql(variable: Variable, values: string[], choices: string[]): string {
  if (values.includes(allChoice)) {
    if (variable.allValue !== '') return variable.allValue;
    if (choices.length === 0) return '.*';
    return `(${choices.map(escapeRegex).join('|')})`;
  }
  if (!variable.multi && !variable.all) return escapeQuoted(values[0] ?? '');
  const escaped = values.map(escapeRegex);
  return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

function formatted(variable: Variable, values: string[], choices: string[], format: string): string {
  const chosen = values.includes(allChoice) ? choices : values;
  switch (format) {
    case 'raw': case 'text': return chosen.join(' + ');
    case 'csv': return chosen.join(',');
    case 'pipe': return chosen.join('|');
    case 'regex': return chosen.map(escapeRegex).join('|');
    default: return promql(variable, values, choices);
  }
}

const reference = /\$(\w+)|\$\{(\w+)(?::([^}]*))?\}|\[\[(\w+)(?::([^\]]*))?\]\]/g;

// `times` holds $__interval and its like. A name that is not known stays as it is.
export function interpolate(
  text: string, variables: Variable[], values: Values, choices: Choices, times: Record<string, string>,
): string {
  return text.replace(reference, (all, plain?: string, braced?: string, format?: string, old?: string, oldFormat?: string) => {
    const name = plain ?? braced ?? old ?? '';
    if (Object.hasOwn(times, name)) return times[name];
    const variable = variables.find((one) => one.name === name);
    if (variable === undefined) return all;
    return formatted(variable, values.get(name) ?? [], choices.get(name) ?? [], format ?? oldFormat ?? '');
  });
}

// What a query variable asks: a path of the API with its parameters, or null when not understood.
export type VariableQuery =
  | { kind: 'label'; label: string; match: string }
  | { kind: 'names' }
  | { kind: 'metrics'; pattern: string }
  | { kind: 'result'; expr: string };

export function parseVariableQuery(query: string): VariableQuery | null {
  const call = /^\s*(\w+)\s*\(([\s\S]*)\)\s*$/.exec(query);
  if (call === null) return null;
  const inner = call[2].trim();
  switch (call[1]) {
    case 'label_values': {
      const at = inner.lastIndexOf(',');
      const label = inner.slice(at + 1).trim();
      // A comma inside of braces parts matchers, not arguments.
      if (!/^[a-zA-Z_]\w*$/.test(label)) return null;
      return { kind: 'label', label, match: at < 0 ? '' : inner.slice(0, at).trim() };
    }
    case 'label_names': return { kind: 'names' };
    case 'metrics': return { kind: 'metrics', pattern: inner };
    case 'query_result': return { kind: 'result', expr: inner };
    default: return null;
  }
}

// Grafana's /pattern/ with its first group, or a named one called value; others stay out.
export function applyRegex(found: string[], regex: string): string[] {
  if (regex === '') return [...new Set(found)];
  const parts = /^\/([\s\S]*)\/([a-z]*)$/.exec(regex);
  let pattern: RegExp;
  try {
    pattern = parts === null ? new RegExp(`^${regex}$`) : new RegExp(parts[1], parts[2].replace(/[gy]/g, ''));
  } catch {
    return [...new Set(found)];
  }
  return [...new Set(found.flatMap((one) => {
    const match = pattern.exec(one);
    return match === null ? [] : [match.groups?.value ?? match[1] ?? match[0]];
  }))];
}

// The choices of variables that ask nothing: "a, b : shown as, c".
export function listedChoices(query: string): string[] {
  return query.split(',').map((one) => one.split(' : ').pop()!.trim()).filter((one) => one !== '');
}

// The values to begin with: those of the address, else of the file, else the first choice.
export function startValues(variable: Variable, fromAddress: string[], choices: string[]): string[] {
  if (variable.kind === 'text') return fromAddress.length > 0 ? fromAddress.slice(0, 1) : [variable.initial[0] ?? variable.query];
  if (variable.kind === 'constant') return [variable.query];
  const possible = (list: string[]) => list.filter((one) => choices.includes(one) || (variable.all && one === allChoice));
  for (const list of [possible(fromAddress), possible(variable.initial)]) {
    if (list.length > 0) return variable.multi && !list.includes(allChoice) ? list : list.slice(0, 1);
  }
  if (variable.all) return [allChoice];
  return choices.slice(0, 1);
}
