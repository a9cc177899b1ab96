-- What the same model makes again as it was is nobody's earlier one.
INSERT INTO main.earlier_transitions (publication, lead, site, at, from_stage, to_stage, reason, total, fit, engagement,
                                      model, lines, number, announce)
SELECT ?2, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       coalesce(same_as, id), announce
FROM main.transitions AS old WHERE site = ?1 AND actor_role = 'collector' AND NOT EXISTS (
    SELECT 1 FROM replayed.transitions AS new
    WHERE new.lead = old.lead AND new.at = old.at AND new.from_stage = old.from_stage AND new.to_stage = old.to_stage
      AND new.total = old.total AND new.fit = old.fit AND new.engagement = old.engagement AND new.reason = old.reason
      AND new.lines = old.lines AND new.model = old.model
) ORDER BY id
