// Results as files. CSV has one row per sample: every label a column, then time and value.
import type { MatrixItem, QueryData, SamplePair, VectorItem } from '../api/types';

function csvCell(text: string): string {
  // A leading = + - @ would be a formula in spreadsheets; numbers keep their sign.
  const safe = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) && !/^[+-]Inf$/.test(text)
    ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function samplesOf(item: VectorItem | MatrixItem): SamplePair[] {
  if ('values' in item && item.values !== undefined) return item.values;
  return 'value' in item && item.value !== undefined ? [item.value] : [];
}

export function toCsv(data: QueryData): string {
  if (data.resultType === 'scalar' || data.resultType === 'string') {
    return `time,value\n${new Date(data.result[0] * 1000).toISOString()},${csvCell(data.result[1])}\n`;
  }
  const items: (VectorItem | MatrixItem)[] = data.result;
  const names = [...new Set(items.flatMap((item) => Object.keys(item.metric)))].sort();
  const lines = [[...names, 'time', 'value'].map(csvCell).join(',')];
  for (const item of items) {
    const labels = names.map((name) => csvCell(item.metric[name] ?? ''));
    for (const [time, value] of samplesOf(item)) {
      lines.push([...labels, new Date(time * 1000).toISOString(), csvCell(value)].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}

export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
