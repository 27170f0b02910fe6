import { effectsOfArguments } from "../knowledge/call-effects.ts";
import { profileOfName } from "../knowledge/tool-profile.ts";
import { argumentsOf } from "../record/arguments.ts";
import { valuesOf } from "./argument-values.ts";
import { judgeCall } from "./judge.ts";
import { judgedCall } from "./judged-call.ts";
import type { Verdict } from "./points.ts";
import { freshSession, learnArguments, learnOutput, type Session, scanOutput } from "./session.ts";

/** A session that tests talk through, without records. */
export interface TestSession {
  session: Session;
  /** A call and what it brings back. */
  read(tool: string, args: unknown, output: unknown): void;
  /** A call that fails and says why. */
  fail(tool: string, args: unknown, error: string): void;
  /** What the judge makes of a call, which the agent then has made. */
  act(tool: string, args: unknown): Verdict | null;
}

export function testSession(session: Session = freshSession()): TestSession {
  const call = (tool: string, args: unknown): Verdict | null => {
    const values = valuesOf(args);
    const profile = profileOfName(tool);
    const effects = profile.effects | effectsOfArguments(profile, argumentsOf(args), []).effects;
    const verdict = judgeCall(session, judgedCall(tool, effects, values), profile.acts);
    learnArguments(session, values, null);
    return verdict;
  };
  const end = (tool: string, output: unknown, failed: boolean): void => {
    const text = typeof output === "string" ? output : JSON.stringify(output);
    learnOutput(session, scanOutput(text), { call: session.calls - 1, tool, failed });
  };
  return {
    session,
    act: call,
    read(tool, args, output) {
      call(tool, args);
      end(tool, output, false);
    },
    fail(tool, args, error) {
      call(tool, args);
      end(tool, error, true);
    },
  };
}

/** The names of a verdict's evidence. */
export function namesOf(verdict: Verdict | null): string[] {
  return verdict === null ? [] : verdict.contributions.map(({ name }) => name).sort();
}
