// A dashboard's choices in the address, named as Grafana names them: from, to, refresh, var-….

export interface Choice {
  id: string; // "" = the list
  from: string; // "" = as the file says
  to: string;
  refresh: number | null; // seconds; null = as the file says
  variables: Map<string, string[]>;
}

export function readAddress(search: string): Choice {
  const params = new URLSearchParams(search);
  const variables = new Map<string, string[]>();
  for (const key of new Set(params.keys())) {
    if (key.startsWith('var-')) variables.set(key.slice(4), params.getAll(key));
  }
  const refresh = params.get('refresh');
  const seconds = /^(\d{1,6})s?$/.exec(refresh ?? '');
  return {
    id: params.get('d') ?? '',
    from: params.get('from') ?? '',
    to: params.get('to') ?? '',
    refresh: seconds === null ? null : Number(seconds[1]),
    variables,
  };
}

export function writeAddress(choice: Choice): string {
  const params = new URLSearchParams();
  params.set('d', choice.id);
  if (choice.from !== '') params.set('from', choice.from);
  if (choice.to !== '') params.set('to', choice.to);
  if (choice.refresh !== null) params.set('refresh', `${choice.refresh}s`);
  for (const [name, values] of choice.variables) values.forEach((value) => params.append(`var-${name}`, value));
  return `?${params.toString()}`;
}
