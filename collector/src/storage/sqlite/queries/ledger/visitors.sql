SELECT id, visitor, site, lead FROM visits
