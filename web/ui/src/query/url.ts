// Panels to the query string that Prometheus uses, and back. Old /graph parameters are understood.
import { formatDuration, parseDuration } from '../format/duration';
import { formatInstant, parseInstant } from '../format/instant';
import { newPanel, type PanelState } from './panel_state';

const maxPanels = 100;

// "?g0.expr=up&g0.tab=graph&…"; instants are UTC, as in Prometheus.
export function encodePanels(panels: PanelState[]): string {
  const search = new URLSearchParams();
  panels.forEach((panel, i) => {
    const add = (name: string, value: string) => search.append(`g${i}.${name}`, value);
    add('expr', panel.expr);
    add('tab', panel.tab);
    add('range_input', formatDuration(panel.rangeMs));
    if (panel.endMs !== null) {
      add('end_input', formatInstant(panel.endMs, 'utc'));
      add('moment_input', formatInstant(panel.endMs, 'utc'));
    }
    if (panel.resolution.kind === 'fixed') {
      add('res_type', 'fixed');
      add('res_step', String(panel.resolution.stepMs / 1000));
    } else if (panel.resolution.density !== 'medium') {
      add('res_type', 'auto');
      add('res_density', panel.resolution.density);
    }
    if (panel.mode !== 'lines') add('display_mode', panel.mode);
    if (panel.yMin !== null) add('y_axis_min', String(panel.yMin));
    if (panel.exemplars) add('show_exemplars', '1');
  });
  return `?${search.toString()}`;
}

function setStep(panel: PanelState, value: string): void {
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : parseDuration(value);
  if (ms !== null && ms >= 1) panel.resolution = { kind: 'fixed', stepMs: ms };
}

function apply(panel: PanelState, name: string, value: string): void {
  switch (name) {
    case 'expr':
      panel.expr = value;
      break;
    case 'tab': // the oldest pages numbered their tabs
      panel.tab = value === 'graph' || value === '0' ? 'graph' : value === 'explain' ? 'explain' : 'table';
      break;
    case 'range_input': {
      const range = parseDuration(value);
      if (range !== null && range > 0) panel.rangeMs = range;
      break;
    }
    case 'end_input':
    case 'moment_input': {
      const end = parseInstant(value, 'utc');
      if (end !== null) panel.endMs = end;
      break;
    }
    case 'step_input':
      if (value !== '') setStep(panel, value);
      break;
    case 'res_step':
      setStep(panel, value);
      break;
    case 'res_density':
      if (value === 'low' || value === 'medium' || value === 'high') {
        panel.resolution = { kind: 'auto', density: value };
      }
      break;
    case 'stacked':
      panel.mode = value === '1' ? 'stacked' : 'lines';
      break;
    case 'display_mode':
      panel.mode = value === 'stacked' || value === 'heatmap' ? value : 'lines';
      break;
    case 'y_axis_min':
      panel.yMin = value !== '' && Number.isFinite(Number(value)) ? Number(value) : null;
      break;
    case 'show_exemplars':
      panel.exemplars = value === '1';
      break;
  }
}

// Unknown parameters and values that make no sense are left out; panels come in the order of
// their numbers, which need not be dense.
export function decodePanels(search: string): PanelState[] {
  const panels = new Map<number, PanelState>();
  for (const [key, value] of new URLSearchParams(search)) {
    const match = /^g(\d{1,6})\.(.+)$/.exec(key);
    if (match === null) continue;
    const index = Number(match[1]);
    let panel = panels.get(index);
    if (panel === undefined) panels.set(index, (panel = newPanel()));
    apply(panel, match[2], value);
  }
  return [...panels.entries()].sort(([a], [b]) => a - b).map(([, panel]) => panel).slice(0, maxPanels);
}
