import * as z from 'zod';

/** `GET /health` of a server that is ready; while it loads the answer is a 503 with an error body. */
export const healthSchema = z.looseObject({ status: z.string() });
export type Health = z.infer<typeof healthSchema>;
