// A series' name with its labels, always as text: names and values come from anywhere.
import type { Labels } from '../api/types';
import { labelName, labelPairs, quoted } from '../format/series_name';

export function SeriesLabel({ labels }: { labels: Labels }) {
  const pairs = labelPairs(labels);
  const metric = labels.__name__ ?? '';
  if (metric === '' && pairs.length === 0) return <span class="series-label">{'{}'}</span>;
  return (
    <span class="series-label">
      {metric !== '' && <span class="series-metric">{metric}</span>}
      {pairs.length > 0 && (
        <>
          {'{'}
          {pairs.map(([name, value], i) => (
            <span key={name} class="series-pair">
              <span class="series-name">{labelName(name)}</span>=
              <span class="series-value">{quoted(value)}</span>
              {i < pairs.length - 1 ? ', ' : ''}
            </span>
          ))}
          {'}'}
        </>
      )}
    </span>
  );
}

// The labels as separate chips, for lists where each label is looked at on its own.
export function LabelChips({ labels }: { labels: Labels }) {
  return (
    <span class="chips">
      {Object.entries(labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => (
          <span key={name} class="chip">
            {labelName(name)}=<b>{quoted(value)}</b>
          </span>
        ))}
    </span>
  );
}
