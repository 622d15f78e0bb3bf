// Reads Grafana's dashboard JSON, as far as simple panels go. The file may come from anywhere: every
// field is checked, what is not understood is left out and noted.
import { parseDuration } from '../format/duration';
import type { Calc, Dashboard, Panel, PanelKind, PanelQuery, Section, Threshold, Variable, VariableKind } from './model';

type Json = Record<string, unknown>;

const columns = 24;
const panelLimit = 300;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const object = (value: unknown): Json => (isObject(value) ? value : {});
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown, missing = ''): string => (typeof value === 'string' ? value : missing);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const whole = (value: unknown, missing: number, least: number, most: number): number =>
  Math.min(Math.max(Math.round(number(value) ?? missing), least), most);

// What stands under a name of the file, never what objects have by themselves.
const lookup = <T>(table: Record<string, T>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

const kinds: Record<string, PanelKind> = {
  timeseries: 'timeseries', graph: 'timeseries', stat: 'stat', singlestat: 'stat', gauge: 'gauge',
  bargauge: 'bar', barchart: 'bar', table: 'table', 'table-old': 'table', text: 'text',
};

const calcs: Record<string, Calc> = {
  lastNotNull: 'last', last: 'last', current: 'last', firstNotNull: 'first', first: 'first', mean: 'mean',
  avg: 'mean', min: 'min', max: 'max', sum: 'sum', total: 'sum', count: 'count',
};

function readThresholds(defaults: Json): Threshold[] {
  const thresholds = object(defaults.thresholds);
  if (thresholds.mode === 'percentage') return [];
  return objects(thresholds.steps).map((step) => ({ from: number(step.value) ?? -Infinity, color: text(step.color) }))
    .sort((a, b) => a.from - b.from);
}

function readQueries(panel: Json, kind: PanelKind): PanelQuery[] {
  return objects(panel.targets).filter((target) => text(target.expr).trim() !== '' && target.hide !== true)
    .map((target, i) => ({
      expr: text(target.expr),
      legend: text(target.legendFormat) === '__auto' ? '' : text(target.legendFormat),
      instant: kind !== 'timeseries' && (target.instant === true || (kind === 'table' && target.range !== true)),
      name: text(target.refId, String.fromCharCode(65 + (i % 26))),
    }));
}

function readPanel(panel: Json, id: number, fallback: Panel['grid']): Panel {
  const type = text(panel.type, 'unknown');
  const kind = lookup(kinds, type) ?? 'unknown';
  const config = object(panel.fieldConfig);
  const defaults = object(config.defaults);
  const custom = object(defaults.custom);
  const options = object(panel.options);
  const reduce = object(options.reduceOptions);
  const grid = object(panel.gridPos);
  const axis = objects(panel.yaxes)[0] ?? {}; // of the old graph
  const calc = Array.isArray(reduce.calcs) ? text(reduce.calcs[0]) : text(panel.valueName);
  return {
    id,
    title: text(panel.title),
    description: text(panel.description),
    kind,
    type,
    grid: {
      x: whole(grid.x, fallback.x, 0, columns - 1), y: whole(grid.y, fallback.y, 0, 100_000),
      w: whole(grid.w, fallback.w, 1, columns), h: whole(grid.h, fallback.h, 1, 60),
    },
    queries: readQueries(panel, kind),
    unit: text(defaults.unit, text(axis.format, text(panel.format))),
    decimals: number(defaults.decimals),
    min: number(defaults.min) ?? number(axis.min),
    max: number(defaults.max) ?? number(axis.max),
    thresholds: readThresholds(defaults),
    calc: lookup(calcs, calc) ?? 'last',
    stacked: panel.stack === true || ['normal', 'percent'].includes(text(object(custom.stacking).mode)),
    fill: whole(custom.fillOpacity, 0, 0, 100),
    minStepMs: parseDuration(text(panel.interval).replace(/^>/, '')) ?? 0,
    text: text(options.content, text(panel.content)),
    colored: text(options.colorMode, 'value') !== 'none',
    sparkline: text(options.graphMode, 'area') !== 'none',
  };
}

// The panels of the file in order, rows among them; files of old versions have them inside of rows.
function flatPanels(board: Json): { json: Json; grid: Panel['grid'] }[] {
  const plain = { x: 0, y: 0, w: 12, h: 8 };
  if (Array.isArray(board.panels)) {
    return objects(board.panels).map((json) => ({ json, grid: plain }))
      .sort((a, b) => (number(object(a.json.gridPos).y) ?? 0) - (number(object(b.json.gridPos).y) ?? 0) ||
        (number(object(a.json.gridPos).x) ?? 0) - (number(object(b.json.gridPos).x) ?? 0));
  }
  let y = 0;
  return objects(board.rows).flatMap((row) => {
    const inner = objects(row.panels);
    let x = 0;
    const placed = inner.map((json) => {
      const w = whole(json.span, 12 / Math.max(1, inner.length), 1, 12) * 2;
      if (x + w > columns) {
        x = 0;
        y += 8;
      }
      x += w;
      return { json, grid: { x: x - w, y, w, h: 8 } };
    });
    y += 8;
    const head: Json = { type: 'row', title: row.showTitle === true ? row.title : '', collapsed: row.collapse };
    return [{ json: head, grid: plain }, ...placed];
  });
}

function readSections(board: Json, notes: string[]): Section[] {
  const sections: Section[] = [{ title: '', collapsed: false, panels: [] }];
  let count = 0;
  const unknown = new Set<string>();
  const add = (json: Json, grid: Panel['grid']) => {
    count += 1;
    if (count > panelLimit) return;
    const panel = readPanel(json, count, grid);
    if (panel.kind === 'unknown') unknown.add(panel.type);
    sections[sections.length - 1].panels.push(panel);
  };
  for (const { json, grid } of flatPanels(board)) {
    if (json.type !== 'row') {
      add(json, grid);
      continue;
    }
    sections.push({ title: text(json.title), collapsed: json.collapsed === true, panels: [] });
    objects(json.panels).forEach((inner) => add(inner, grid));
  }
  if (unknown.size > 0) notes.push(`Panels of these types are not drawn: ${[...unknown].sort().join(', ')}.`);
  if (count > panelLimit) notes.push(`Only the first ${panelLimit} of ${count} panels are shown.`);
  return sections.filter((section) => section.panels.length > 0);
}

const variableKinds: Record<string, VariableKind> = {
  query: 'query', custom: 'custom', constant: 'constant', textbox: 'text', interval: 'interval',
};

function readVariable(json: Json, notes: string[]): Variable[] {
  const name = text(json.name);
  const kind = lookup(variableKinds, text(json.type));
  if (json.type === 'datasource' || !/^\w{1,60}$/.test(name)) return [];
  if (kind === undefined) {
    notes.push(`The variable ${name} is of a kind that is not understood (${text(json.type)}).`);
    return [];
  }
  const query = text(json.query, text(object(json.query).query, text(json.definition)));
  const value = object(json.current).value;
  const values = (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '');
  return [{
    name, kind, query,
    label: text(json.label) || name,
    regex: text(json.regex),
    multi: json.multi === true,
    all: json.includeAll === true,
    allValue: text(json.allValue),
    hidden: json.hide === 2 || kind === 'constant',
    initial: values,
  }];
}

// Takes the dashboard itself or what Grafana's API wraps around it. Throws an Error a person can act on.
export function readDashboard(json: unknown): Dashboard {
  const outer = object(json);
  const board = isObject(outer.dashboard) ? outer.dashboard : outer;
  if (!Array.isArray(board.panels) && !Array.isArray(board.rows)) {
    throw new Error('This is no dashboard: it has no list "panels". Export one from Grafana with Share, Export.');
  }
  const notes: string[] = [];
  const time = object(board.time);
  const sections = readSections(board, notes);
  const variables = objects(object(board.templating).list).flatMap((variable) => readVariable(variable, notes));
  if (objects(object(board.annotations).list).some((one) => one.builtIn !== 1 && one.enable !== false)) {
    notes.push('Annotations are not drawn.');
  }
  return {
    title: text(board.title, 'Untitled'),
    description: text(board.description),
    from: text(time.from, 'now-1h'),
    to: text(time.to, 'now'),
    refreshSeconds: Math.round((parseDuration(text(board.refresh)) ?? 0) / 1000),
    variables, sections, notes,
  };
}
