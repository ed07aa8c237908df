import { Gauge, type Registry } from "prom-client";

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface DatabaseGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** All that it says now. */
  readonly read: () => Promise<readonly Sample[]>;
}

/**
 * For gauges that are read from the database when they are asked for, so that every process gives the same numbers. What cannot
 * be read is left out, and is not as it was when it last could: only then does an alert tell that nobody reaches the database.
 */
export function databaseGauges(registry: Registry, onProblem: (error: unknown) => void): (gauge: DatabaseGauge) => void {
  return ({ name, help, labelNames = [], read }) => {
    const gauge: Gauge = new Gauge({
      name, help, labelNames, registers: [registry],
      async collect() {
        const samples = await read().catch((error: unknown) => {
          onProblem(error);
          return [];
        });
        if (labelNames.length > 0) gauge.reset();
        else gauge.remove();
        for (const { value, labels = {} } of samples) gauge.set(labels, value);
      },
    });
  };
}
