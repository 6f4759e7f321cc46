import { useId } from "preact/hooks";

import { t } from "../i18n";
import type { Answers, NotProposed, Proposal, Scale, ScaleItem } from "../model";
import { Icon } from "../parts/icon";
import { doubtSaid, evidenceSaid, notProposedSaid } from "./evidence";
import { height, sum } from "./total";
import { bandLabel, cutoffMeaning, itemAsk, itemLabel, optionLabel } from "./words";

interface FormProps {
  scale: Scale;
  answers: Answers;
  onAnswer: (item: string, value: number) => void;
  proposals?: readonly Proposal[] | null | undefined;
  notProposed?: readonly NotProposed[] | null | undefined;
  ratedBlind?: Answers | undefined;
  /** Only these items are asked; left out: all. */
  only?: readonly string[] | undefined;
}

/** A scale to fill in: each item with its question and its answers as large buttons, in the definition's own words. */
export function ScaleForm({ scale, answers, onAnswer, proposals, notProposed, ratedBlind, only }: FormProps) {
  const items = only ? scale.items.filter((i) => only.includes(i.id)) : scale.items;
  const done = items.filter((i) => answers[i.id] !== undefined).length;
  return (
    <>
      <p class="answered">
        <progress max={items.length} value={done} aria-label={t("scale.answered", { done, of: items.length })} />
        <span aria-hidden="true">{t("scale.answered", { done, of: items.length })}</span>
      </p>
      {items.map((i) => (
        <Item
          key={i.id}
          scale={scale}
          item={i}
          answer={answers[i.id]}
          onAnswer={(v) => onAnswer(i.id, v)}
          proposal={proposals?.find((p) => p.item_id === i.id && p.scale_id === scale.id)}
          notProposed={notProposed?.find((p) => p.item_id === i.id)}
          before={ratedBlind?.[i.id]}
        />
      ))}
    </>
  );
}

interface ItemProps {
  scale: Scale;
  item: ScaleItem;
  answer: number | undefined;
  onAnswer: (value: number) => void;
  proposal: Proposal | undefined;
  notProposed: NotProposed | undefined;
  before: number | undefined;
}

function Item({ scale, item, answer, onAnswer, proposal, notProposed, before }: ItemProps) {
  const id = useId();
  const many = item.options.length > 6; // as on a scale from 0 to 10
  return (
    <fieldset class="item" id={`item-${item.id}`} aria-describedby={`${id}-ask`} tabIndex={-1}>
      <legend>
        {itemLabel(scale, item)}
        {answer !== undefined && <Icon name="check" size={20} />}
      </legend>
      <p class="quiet" id={`${id}-ask`}>
        {itemAsk(scale, item)}
      </p>
      <div class={many ? "options numbers-only" : "options"}>
        {item.options.map((o) => {
          const proposed = proposal?.value === o.value;
          const label = optionLabel(scale, item, o.value);
          const bare = many && /^\d+$/.test(label);
          return (
            <label key={o.value} class={proposed ? "option proposed" : "option"}>
              <input type="radio" name={`item-${item.id}`} value={o.value} checked={answer === o.value} onChange={() => onAnswer(o.value)} />
              <span class="option-value" aria-hidden={!bare}>
                {o.value}
              </span>
              {!bare && <span class="option-label">{many ? label.replace(/^\d+\s*-\s*/, "") : label}</span>}
              {proposed && (
                <span class="option-proposed">
                  <Icon name="camera" size={18} /> {t("scale.proposed")}
                </span>
              )}
            </label>
          );
        })}
      </div>
      {proposal && <Evidence of={proposal} />}
      {notProposed && <p class="hint">{notProposedSaid(notProposed)}</p>}
      {proposal && before !== undefined && <p class="compared">{t("scale.ratedBlind", { yours: before, theirs: proposal.value })}</p>}
    </fieldset>
  );
}

function Evidence({ of: p }: { of: Proposal }) {
  return (
    <details class="evidence">
      <summary>{t("scale.because")}</summary>
      <p>{evidenceSaid(p)}</p>
      {p.confounders && p.confounders.length > 0 && (
        <>
          <p>
            <strong>{t("scale.mayBe")}</strong>
          </p>
          <ul>
            {p.confounders.map((c) => (
              <li key={c}>{doubtSaid(c)}</li>
            ))}
          </ul>
        </>
      )}
      {p.provisional && <p class="quiet">{t("face.provisionalLong")}</p>}
    </details>
  );
}

/** The total with its band in words, sign and colour; while items are open, how many. */
export function Total({ scale, answers }: { scale: Scale; answers: Answers }) {
  const { total, open, band } = sum(scale, answers);
  const step = band ? Math.round(3 * height(scale, band)) : null;
  const cutoffs = scale.cutoffs?.filter((c) => total !== null && total >= c.from) ?? [];
  return (
    <div class={step === null ? "total" : `total step-${step}`} role="status">
      <p class="total-number">
        <span class="total-label">
          {scale.name} · {t("scale.total")}
        </span>
        <strong>{total ?? "–"}</strong> <span class="quiet">/ {scale.total.max}</span>
      </p>
      {band ? (
        <div>
          <p class="band">
            <Steps at={step ?? 0} />
            <strong>{bandLabel(scale, band.id)}</strong>
          </p>
          {cutoffs.map((c) => (
            <p key={c.from} class="quiet">
              {t("scale.cutoff", { from: c.from, meaning: cutoffMeaning(scale, c) })}
            </p>
          ))}
          {band.customary && <p class="hint">{t("scale.customary")}</p>}
        </div>
      ) : (
        <p class="quiet">{t("scale.open", { count: open.length })}</p>
      )}
    </div>
  );
}

/** Four steps, as many of them filled as the band stands high: a shape for those who do not tell its colour. */
function Steps({ at }: { at: number }) {
  return (
    <svg class="steps" viewBox="0 0 40 28" width="40" height="28" aria-hidden="true">
      {[0, 1, 2, 3].map((i) => (
        <rect key={i} class={i <= at ? "step filled" : "step"} x={2 + i * 9.5} y={20 - i * 5.5} width="7" height={6 + i * 5.5} rx="1.5" />
      ))}
    </svg>
  );
}
