// What the HTTP API answers, as far as the pages use it.

export type Labels = Record<string, string>;
export type SamplePair = [number, string]; // seconds, value as text

// [boundary rule, lower, upper, count]
export type HistogramBucket = [number, string, string, string];
export interface Histogram {
  count: string;
  sum: string;
  buckets?: HistogramBucket[];
}
export type HistogramPair = [number, Histogram];

export interface VectorItem {
  metric: Labels;
  value?: SamplePair;
  histogram?: HistogramPair;
}

export interface MatrixItem {
  metric: Labels;
  values?: SamplePair[];
  histograms?: HistogramPair[];
}

export interface PlanNode {
  operator: string;
  expr: string;
  series: number;
  steps: number;
  samples: number;
  rows: number; // how many of its series are done
  memoryBytes: number;
  seconds: number; // its own, without its children's
  notes?: string[];
  children?: PlanNode[];
}

// explain: the plan, where it was asked for.
export type QueryData = { explain?: PlanNode } & (
  | { resultType: 'vector'; result: VectorItem[] }
  | { resultType: 'matrix'; result: MatrixItem[] }
  | { resultType: 'scalar'; result: SamplePair }
  | { resultType: 'string'; result: SamplePair });

// A query that the server has at this moment; times in seconds.
export interface RunningQuery {
  id: number;
  query: string;
  start: number;
  end: number;
  step: number;
  state: string;
  began: number;
  ageSeconds: number;
  memoryBytes: number;
  peakMemoryBytes: number;
  samples: number;
  explain?: PlanNode; // what has been done so far, where one query is asked for
  caller: {
    remoteAddress: string;
    userAgent: string;
    forwardedFor: string;
    dashboardUid: string;
    panelId: string;
  };
}

export interface MetadataItem {
  type: string;
  help: string;
  unit: string;
}

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: 'up' | 'down' | 'unknown';
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface DroppedTarget {
  discoveredLabels: Labels;
  scrapePool?: string;
}

export interface Targets {
  activeTargets: Target[] | null;
  droppedTargets: DroppedTarget[] | null;
  droppedTargetCounts?: Record<string, number> | null;
}

export interface NameValue {
  name: string;
  value: number;
}

export interface TsdbStatus {
  headStats: {
    numSeries: number;
    numLabelPairs: number;
    chunkCount: number;
    minTime: number;
    maxTime: number;
  };
  seriesCountByMetricName: NameValue[] | null;
  labelValueCountByLabelName: NameValue[] | null;
  memoryInBytesByLabelName: NameValue[] | null;
  seriesCountByLabelValuePair: NameValue[] | null;
}

export interface Alert {
  labels: Labels;
  annotations: Labels;
  state: 'pending' | 'firing' | 'inactive' | 'unknown';
  activeAt?: string;
  value: string;
}

export interface Rule {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  health: string;
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
  labels?: Labels;
  annotations?: Labels;
  duration?: number;
  keepFiringFor?: number;
  state?: 'pending' | 'firing' | 'inactive' | 'unknown';
  alerts?: Alert[] | null;
}

export interface RuleGroup {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: Rule[];
}
