// Asks the server's HTTP API. Every failure becomes an ApiError whose text a person can act on.
import { baseUrl } from '../base/location';

export class ApiError extends Error {
  constructor(
    readonly kind: string, // Prometheus' errorType, or "network", "http", "format"
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
  milliseconds: number;
}

type Params = Record<string, string | number | undefined>;

function encode(params: Params): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) search.append(name, String(value));
  }
  return search;
}

async function send<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  const started = performance.now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${baseUrl}api/v1/${path}`, { credentials: 'same-origin', ...init });
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('network', 'The server does not answer. Is it running, and is the network up?');
  }
  let body: {
    status?: string;
    data?: T;
    error?: string;
    errorType?: string;
    warnings?: string[];
    infos?: string[];
  };
  try {
    body = JSON.parse(text);
  } catch {
    if (response.ok) throw new ApiError('format', 'The answer is not JSON.', response.status);
    const reason = text.trim().slice(0, 300) || response.statusText;
    throw new ApiError('http', `${response.status}: ${reason}`, response.status);
  }
  if (body === null || typeof body !== 'object' || body.status !== 'success') {
    const reason = body?.error ?? `${response.status} ${response.statusText}`;
    throw new ApiError(body?.errorType ?? 'http', reason, response.status);
  }
  return {
    data: body.data as T,
    warnings: body.warnings ?? [],
    infos: body.infos ?? [],
    milliseconds: performance.now() - started,
  };
}

export function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<Answer<T>> {
  const search = encode(params).toString();
  return send<T>(search === '' ? path : `${path}?${search}`, { signal });
}

// Queries are posted as forms: expressions may be longer than a URL can be.
export function post<T>(path: string, params: Params, signal?: AbortSignal): Promise<Answer<T>> {
  return send<T>(path, { method: 'POST', body: encode(params), signal });
}

export function remove<T>(path: string): Promise<Answer<T>> {
  return send<T>(path, { method: 'DELETE' });
}
