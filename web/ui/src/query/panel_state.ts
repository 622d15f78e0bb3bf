// What one query panel shows; everything of it travels in the URL.

export type Tab = 'table' | 'graph' | 'explain';
export type Mode = 'lines' | 'stacked' | 'heatmap';
export type Density = 'low' | 'medium' | 'high';
export type Resolution = { kind: 'auto'; density: Density } | { kind: 'fixed'; stepMs: number };

export interface PanelState {
  expr: string;
  tab: Tab;
  rangeMs: number;
  endMs: number | null; // null = now
  resolution: Resolution;
  mode: Mode;
  yMin: number | null; // null = as the values ask for
  exemplars: boolean;
}

export function newPanel(change: Partial<PanelState> = {}): PanelState {
  return {
    expr: '',
    tab: 'table',
    rangeMs: 3600_000,
    endMs: null,
    resolution: { kind: 'auto', density: 'medium' },
    mode: 'lines',
    yMin: null,
    exemplars: false,
    ...change,
  };
}

const points: Record<Density, number> = { low: 100, medium: 250, high: 750 };
const maxPoints = 11_000; // the server refuses more

// The step that a range is asked with. Automatic steps are whole seconds above one.
export function effectiveStepMs(resolution: Resolution, rangeMs: number): number {
  const least = Math.ceil(rangeMs / (maxPoints - 1));
  if (resolution.kind === 'fixed') return Math.max(resolution.stepMs, least, 1);
  const step = rangeMs / points[resolution.density];
  return Math.max(step >= 1000 ? Math.floor(step / 1000) * 1000 : 1000, least);
}
