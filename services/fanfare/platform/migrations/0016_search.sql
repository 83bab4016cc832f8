-- Search that forgives misspellings: on the texts themselves, so that a text that is deleted is found no more.

create extension if not exists pg_trgm with schema public;
create extension if not exists unaccent with schema public;

-- Words as they are compared: small letters without accents. Immutable, since nobody here changes unaccent's rules.
create function record.fold(words text) returns text language sql immutable strict parallel safe
    return lower(public.unaccent('public.unaccent'::regdictionary, words));

-- Titles, tags and other short texts apart from long ones: they are looked for first and most. The lists of what is not sorted in
-- yet stay short, since every search reads them whole.
create index texts_short on record.texts using gin (record.fold(text) public.gin_trgm_ops)
    with (gin_pending_list_limit = 256) where length(text) <= 160;
create index texts_long on record.texts using gin (record.fold(text) public.gin_trgm_ops)
    with (gin_pending_list_limit = 256) where length(text) > 160;
-- An index on an expression has statistics of its own, which would keep whole texts.
alter index record.texts_short alter column 1 set statistics 0;
alter index record.texts_long alter column 1 set statistics 0;
