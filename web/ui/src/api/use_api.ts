// Loads one API path for a page: data, error and a way to load again. Old data stays while loading.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, get } from './client';

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

export function useApi<T>(path: string): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    data: null,
    error: null,
    loading: true,
  });
  const running = useRef<AbortController | null>(null);
  const reload = useCallback(() => {
    running.current?.abort();
    const request = new AbortController();
    running.current = request;
    setState((old) => ({ ...old, loading: true }));
    get<T>(path, {}, request.signal).then(
      (answer) => setState({ data: answer.data, error: null, loading: false }),
      (error: ApiError) => {
        if (!request.signal.aborted) setState((old) => ({ ...old, error, loading: false }));
      },
    );
  }, [path]);
  useEffect(() => {
    reload();
    return () => running.current?.abort();
  }, [reload]);
  return { ...state, reload };
}
