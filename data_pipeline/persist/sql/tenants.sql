-- name: act_as
-- From here to the end of the transaction: the API's role, and the owner whose rows the policies show.
select set_config('role', 'data_pipeline_api', true), set_config('data_pipeline.owner', :owner_id, true);

-- name: insert_owner
insert into owners (id, name) values (:id, :name) on conflict (id) do nothing;

-- name: list_owners
select owners.id, owners.name, owners.created_at, count(api_keys.id) as keys
from owners left join api_keys on api_keys.owner_id = owners.id and api_keys.revoked_at is null
where cast(:owner_id as text) is null or owners.id = :owner_id
group by owners.id order by owners.id;

-- name: insert_key
insert into api_keys (owner_id, name, prefix, digest, scopes, requests_per_minute, waiting_batches, records_per_day, expires_at)
values (:owner_id, :name, :prefix, :digest, :scopes, :requests_per_minute, :waiting_batches, :records_per_day, :expires_at)
returning id;

-- name: find_key
select id, owner_id, name, prefix, digest, scopes, requests_per_minute, waiting_batches, records_per_day, expires_at, revoked_at
from api_keys where prefix = :prefix;

-- name: list_keys
select api_keys.id, api_keys.owner_id, api_keys.name, api_keys.prefix, api_keys.scopes, api_keys.requests_per_minute,
       api_keys.waiting_batches, api_keys.records_per_day, api_keys.created_at, api_keys.expires_at, api_keys.revoked_at,
       api_keys.last_used_at, successors.prefix as successor
from api_keys left join api_keys successors on successors.id = api_keys.successor_id
where cast(:owner_id as text) is null or api_keys.owner_id = :owner_id
order by api_keys.owner_id, api_keys.created_at, api_keys.id;

-- name: lock_key
-- The same of one, with what decides about a successor: whether it is good, and until when one would be.
select api_keys.id, api_keys.owner_id, api_keys.name, api_keys.prefix, api_keys.scopes, api_keys.requests_per_minute,
       api_keys.waiting_batches, api_keys.records_per_day, api_keys.created_at, api_keys.expires_at, api_keys.revoked_at,
       api_keys.last_used_at, successors.prefix as successor,
       api_keys.revoked_at is null and coalesce(api_keys.expires_at > now(), true) as is_usable,
       now() + (api_keys.expires_at - api_keys.created_at) as renewed_until
from api_keys left join api_keys successors on successors.id = api_keys.successor_id
where api_keys.prefix = :prefix for update of api_keys;

-- name: set_successor
update api_keys set successor_id = (select id from api_keys where prefix = :successor) where prefix = :prefix;

-- name: expire_key
-- A key that is replaced goes on for a while, so that whoever holds it can take the new one.
update api_keys set expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => :seconds))
where prefix = :prefix and revoked_at is null returning owner_id, prefix, expires_at;

-- name: revoke_key
update api_keys set revoked_at = now() where prefix = :prefix and revoked_at is null returning owner_id, prefix;

-- name: touch_key
update api_keys set last_used_at = now()
where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- name: count_key_use
select count(*) filter (where status in ('pending', 'processing')) as waiting,
       coalesce(sum(coalesce(record_count, posted_count)) filter (where created_at >= date_trunc('day', now(), 'UTC')), 0) as records
from batches where key_id = :key_id and (created_at >= date_trunc('day', now(), 'UTC') or status in ('pending', 'processing'));

-- name: insert_audit
insert into audit_log (owner_id, actor, action, subject, outcome, details, request_id)
values (:owner_id, :actor, :action, :subject, :outcome, cast(:details as jsonb), :request_id);

-- name: lock_seals
select pg_advisory_xact_lock(hashtextextended('audit seals', 0));

-- name: last_seal
select number, until::text as until, digest from audit_seals order by number desc limit 1;

-- name: list_seals
select number, until::text as until, row_count, digest from audit_seals order by number;

-- name: find_seal_end
-- Every transaction before this one has ended, so no row of it comes any more.
select pg_snapshot_xmin(pg_current_snapshot())::text as until;

-- name: list_audit_between
select id, transaction_id::text as transaction_id, at, owner_id, actor, action, subject, outcome, details, request_id
from audit_log
where transaction_id >= cast(cast(:since as text) as xid8) and transaction_id < cast(cast(:until as text) as xid8)
order by transaction_id, id;

-- name: insert_seal
insert into audit_seals (until, row_count, digest) values (cast(cast(:until as text) as xid8), :row_count, :digest);

-- name: list_audit
select id, at, actor, action, subject, outcome, details, request_id
from audit_log
where audit_log.owner_id = :owner_id and (cast(:before as bigint) is null or id < :before)
order by id desc limit :most;

-- name: forget_old_idempotent
delete from idempotency_keys where created_at <= now() - interval '24 hours';
