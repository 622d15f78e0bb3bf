// A native histogram in a table cell: count, sum, and its buckets as bars.
import type { Histogram, HistogramBucket } from '../api/types';
import { sampleNumber, siNumber } from '../format/number';

// [boundary rule, lower, upper, count] in interval notation.
function interval([rule, lower, upper]: HistogramBucket): string {
  const left = rule === 1 || rule === 3 ? '[' : '(';
  const right = rule === 0 || rule === 3 ? ']' : ')';
  return `${left}${siNumber(sampleNumber(lower))}, ${siNumber(sampleNumber(upper))}${right}`;
}

export function HistogramCell({ histogram }: { histogram: Histogram }) {
  const buckets = histogram.buckets ?? [];
  const largest = Math.max(...buckets.map((bucket) => sampleNumber(bucket[3])), 0);
  return (
    <div class="histogram">
      <div>count {histogram.count}, sum {histogram.sum}</div>
      {buckets.map((bucket) => (
        <div key={`${bucket[1]} ${bucket[2]}`} class="histogram-row">
          <span>{interval(bucket)}</span>
          <meter min={0} max={largest} value={sampleNumber(bucket[3])} />
          <span>{bucket[3]}</span>
        </div>
      ))}
    </div>
  );
}
