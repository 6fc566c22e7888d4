// The six questions that help to choose a loss, as data: the terminal asks them, docs/how-to-choose-a-loss.md prints them.

export const QUESTION_KEYS = ["small", "unbalanced", "boundary", "thin", "labels", "instances"] as const;
export type QuestionKey = (typeof QUESTION_KEYS)[number];

export type Answer = "yes" | "no" | "unknown";
/** A question without an answer is unknown. */
export type Answers = Readonly<Partial<Record<QuestionKey, Answer>>>;

export interface Question {
  readonly text: string;
  /** How a person tells, in one sentence. */
  readonly howToTell: string;
}

export const QUESTIONS: Readonly<Record<QuestionKey, Question>> = {
  small: {
    text: "Are the objects small?",
    howToTell: "Yes if an object fills about 1 % of its image or less.",
  },
  unbalanced: {
    text: "Are the classes unbalanced?",
    howToTell: "Yes if background outnumbers foreground by far, or one class is much rarer than another.",
  },
  boundary: {
    text: "Does the boundary matter?",
    howToTell:
      "Yes if results are judged by distances (Hausdorff, surface Dice) or used to measure thickness or to plan a cut.",
  },
  thin: {
    text: "Are the structures thin?",
    howToTell: "Yes for vessels, nerves, roads or cracks, where a gap is worse than a border that is one voxel off.",
  },
  labels: {
    text: "Are the labels noisy or soft?",
    howToTell: "Yes if masks hold errors, or numbers between 0 and 1: several raters, distillation, label smoothing.",
  },
  instances: {
    text: "Are there many instances?",
    howToTell:
      "Yes if an image holds many separate objects and each of them should be found, such as lesions or cells.",
  },
};
