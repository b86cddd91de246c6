import { metricTree } from '@valence/processor/observability/metric-tree'
import type { DashboardPlan } from './frame.ts'
import { lines, table } from './panels.ts'
import { each, gauge, mean, quantile, rate, share } from './queries.ts'

const { model, shadow, feedback } = metricTree

export const modelBehaviour: DashboardPlan = {
  uid: 'valence-model',
  title: 'Valence: model',
  description: 'Labels and confidence of the model, their drift, and the comparison with a candidate model',
  reading: `**A model reports no errors; watch for changes.** If the labels or the mean confidence of a source differ from the week
before, either its texts or the model changed: the table shows the model, *Swaps* the time of its activation.
*Shadow* compares a candidate with the active model on the same texts; its scores are not published.
*True labels* come from the feedback topic, if one is configured.`,
  rows: [
    {
      title: 'Answers',
      panels: [
        table({
          title: 'Active models',
          about: 'More than one for 30 minutes raises ValenceModelsDiffer.',
          queries: [{ expr: `count by (name, version, sha256, job) (${each(model.info)})` }],
          width: 8,
        }),
        lines({
          title: 'Labels',
          about: 'Scored texts by label.',
          unit: 'cps',
          queries: [{ expr: rate(model.labels, { by: ['label'] }), legend: '{{label}}' }],
          stacked: true,
        }),
        lines({
          title: 'Share of labels by source',
          about: 'Over the last hour.',
          unit: 'percentunit',
          queries: [{ expr: 'source_label:valence_model_labels:share1h', legend: '{{source}} {{label}}' }],
        }),
      ],
    },
    {
      title: 'Confidence and drift',
      panels: [
        lines({
          title: 'Mean confidence by source',
          about: 'Probability of the chosen label.',
          unit: 'percentunit',
          queries: [{ expr: mean(model.confidence, { by: ['source'] }), legend: '{{source}}' }],
          width: 6,
        }),
        lines({
          title: 'Confidence',
          about: 'Quantiles over all sources: a falling p10 indicates texts unlike the training data.',
          unit: 'percentunit',
          queries: [0.1, 0.5, 0.9].map((q) => ({ expr: quantile(q, model.confidence), legend: `p${q * 100}` })),
          width: 6,
        }),
        lines({
          title: 'Confidence against the week before',
          about: 'Empty until there is a week of data. A difference of 0.1 raises ValenceConfidenceDrift.',
          unit: 'percentunit',
          queries: [
            { expr: 'source:valence_model_confidence:mean1h', legend: '{{source}} now' },
            { expr: 'source:valence_model_confidence:mean1w', legend: '{{source}} before' },
          ],
          width: 6,
        }),
        lines({
          title: 'Labels against the week before',
          about:
            'Total variation distance of the label distributions. Empty until there is a week of data; 0.2 raises ValenceLabelDrift.',
          unit: 'percentunit',
          queries: [{ expr: 'source:valence_model_labels:shift1h', legend: '{{source}}' }],
          limits: { warn: 0.1, alarm: 0.2 },
          width: 6,
        }),
      ],
    },
    {
      title: 'Swaps',
      panels: [
        lines({
          title: 'Checks for a new model',
          about: 'A refused one raises ValenceModelSwapFailed; the old model stays active.',
          unit: 'cps',
          queries: [{ expr: rate(model.reloads, { by: ['outcome'] }), legend: '{{outcome}}' }],
          width: 6,
        }),
        lines({
          title: 'Refused models',
          about: 'By error code; docs/errors.md has the remedies.',
          unit: 'cps',
          queries: [{ expr: rate(model.refusals, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Duration of a swap',
          about: 'Mean time from finding a model to scoring with it, and until the old model is closed.',
          unit: 's',
          queries: [
            { expr: mean(model.swap), legend: 'swap' },
            { expr: mean(model.drain), legend: 'drain of the old model' },
          ],
          width: 6,
        }),
        lines({
          title: 'Downloaded',
          about: 'Bytes of models fetched from registries.',
          unit: 'Bps',
          queries: [{ expr: rate(model.downloaded), legend: 'bytes' }],
          width: 6,
        }),
      ],
    },
    {
      title: 'Shadow',
      panels: [
        lines({
          title: 'Sampled texts',
          about: 'By outcome of the candidate. Dropped texts have no effect.',
          unit: 'cps',
          queries: [{ expr: rate(shadow.texts, { by: ['outcome'] }), legend: '{{outcome}}' }],
          stacked: true,
          width: 6,
        }),
        lines({
          title: 'Agreement',
          about: 'Share of compared texts on which both models give the same label.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${rate(shadow.texts, { where: { outcome: 'agreed' } })} / ${rate(shadow.texts, { where: { outcome: /agreed|differed/ } })}`,
              legend: 'agreed',
            },
            { expr: share(shadow.texts, { outcome: 'failed' }), legend: 'failed' },
          ],
          width: 6,
        }),
        lines({
          title: 'Labels, active → candidate',
          about: 'Texts by the labels of both models; check those that differ.',
          unit: 'cps',
          queries: [
            { expr: rate(shadow.labels, { by: ['active', 'candidate'] }), legend: '{{active}} → {{candidate}}' },
          ],
          width: 6,
        }),
        lines({
          title: 'Distance and cost',
          about: 'Total variation distance of the probabilities, and inference time of a batch of the candidate.',
          unit: 'short',
          queries: [
            { expr: mean(shadow.distance), legend: 'distance' },
            { expr: mean(shadow.infer), legend: 'seconds per batch' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'True labels',
      panels: [
        lines({
          title: 'Accuracy',
          about: 'Share of texts with a true label on which the model was right. Empty without VALENCE_FEEDBACK_TOPIC.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${rate(feedback.events, { where: { outcome: 'right' } })} / ${rate(feedback.events, { where: { outcome: /right|wrong/ } })}`,
              legend: 'right',
            },
          ],
          width: 6,
        }),
        lines({
          title: 'True labels by outcome',
          about: 'Many unmatched ones mean that the window is too short, or that the ids belong to other events.',
          unit: 'cps',
          queries: [{ expr: rate(feedback.events, { by: ['outcome'] }), legend: '{{outcome}}' }],
          stacked: true,
          width: 6,
        }),
        lines({
          title: 'Truth → answer, by version',
          about: 'Confusion matrix.',
          unit: 'cps',
          queries: [
            {
              expr: rate(feedback.labels, { by: ['version', 'truth', 'answer'] }),
              legend: '{{version}}: {{truth}} → {{answer}}',
            },
          ],
          width: 6,
        }),
        lines({
          title: 'Waiting scores and labels',
          about: 'Scores and true labels in the window, and P90 of the time until a label arrives, in seconds.',
          unit: 'short',
          queries: [
            { expr: gauge('sum', feedback.waiting, { by: ['kind'] }), legend: '{{kind}}' },
            { expr: quantile(0.9, feedback.delay), legend: 'seconds, p90' },
          ],
          width: 6,
        }),
      ],
    },
  ],
}
