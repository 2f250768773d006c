import * as z from 'zod';

/** `GET /lora-adapters`. Wakes a sleeping server. */
export const loraAdaptersSchema = z.array(
  z.looseObject({ id: z.number(), path: z.string(), scale: z.number() }),
);
