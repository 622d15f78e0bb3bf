// What a view says when it has nothing to show: empty, failed, or still loading.
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client';
import { InfoIcon, WarnIcon } from './icons';

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children !== undefined && <div class="state-text">{children}</div>}
    </div>
  );
}

const remedies: Record<string, string> = {
  bad_data: 'Check the expression; the message names the position as line:column.',
  timeout: 'Ask for a shorter range or a larger step, or raise --query.timeout.',
  execution: 'The query was understood but could not be finished.',
  canceled: 'The query was stopped before it was finished.',
  unavailable: 'The server is starting or stopping; try again in a moment.',
  not_offered: 'This server does not offer it.',
  forbidden: 'This page was not allowed to ask; sign in again, or ask who runs the server.',
  network: 'Nothing is lost: try again when the server is back.',
};

const byStatus: Record<number, string> = { 401: 'forbidden', 403: 'forbidden', 404: 'not_offered', 503: 'unavailable' };

export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  const remedy = remedies[byStatus[error.status] ?? error.kind];
  return (
    <div class="notice notice-bad" role="alert">
      <WarnIcon />
      <div>
        <p class="notice-text">{error.message}</p>
        {remedy !== undefined && <p class="notice-more">{remedy}</p>}
      </div>
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Notices({ warnings, infos }: { warnings: string[]; infos: string[] }) {
  return (
    <>
      {warnings.map((text) => (
        <div key={text} class="notice notice-warn">
          <WarnIcon />
          <p class="notice-text">{text}</p>
        </div>
      ))}
      {infos.map((text) => (
        <div key={text} class="notice notice-info">
          <InfoIcon />
          <p class="notice-text">{text}</p>
        </div>
      ))}
    </>
  );
}

// Grey bars in the place of rows, so that nothing jumps when they arrive.
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
