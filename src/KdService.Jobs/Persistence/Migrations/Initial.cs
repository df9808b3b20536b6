using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Jobs, their attempts, events, metrics, checkpoints and artifacts, and the nodes.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260101000000_Initial")]
internal sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table jobs (
            id              text primary key,
            state           text not null check (state in ('waiting', 'queued', 'running', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled')),
            name            text not null,
            queue           text not null,
            labels          jsonb not null,
            method          text not null,
            dataset         text not null,
            student         text not null,
            teacher         text,
            spec            jsonb not null,
            plan            jsonb not null,
            teacher_job_id  text references jobs,
            recipe_digest   text,
            idempotency_key text unique,
            request_digest  text not null,
            attempt         integer not null default 0,
            attempt_limit   integer not null,
            max_attempts    integer not null,
            node            text,
            lease_holder    text,
            lease_until     timestamptz,
            not_before      timestamptz,
            seconds_used    double precision not null default 0,
            last_event      bigint not null default 0,
            progress        jsonb,
            progress_at     timestamptz,
            metrics         jsonb,
            failure         jsonb,
            report          jsonb,
            created_at      timestamptz not null,
            started_at      timestamptz,
            finished_at     timestamptz
        ) with (fillfactor = 70);

        -- Equal recipes share one teacher job, until it fails or is cancelled.
        create unique index jobs_live_recipe on jobs (recipe_digest) where state not in ('failed', 'cancelled');
        create index jobs_waiting on jobs (teacher_job_id) where state = 'waiting';
        create index jobs_leased on jobs (lease_until) where state in ('running', 'pausing', 'cancelling');
        create index jobs_state on jobs (state, id);
        create index jobs_labels on jobs using gin (labels jsonb_path_ops);

        create table attempts (
            job_id       text not null references jobs,
            number       integer not null,
            node         text not null,
            lease_holder text not null,
            device       text not null,
            started_at   timestamptz not null,
            ended_at     timestamptz,
            outcome      text,
            exit_code    integer,
            log          text[],
            primary key (job_id, number)
        );

        create table job_events (
            job_id  text not null references jobs,
            id      bigint not null,
            type    text not null,
            attempt integer not null,
            at      timestamptz not null,
            data    jsonb not null,
            primary key (job_id, id)
        );

        create table metric_points (
            job_id text not null references jobs,
            name   text not null,
            step   bigint not null,
            value  double precision not null,
            epoch  integer not null,
            stage  text not null,
            primary key (job_id, name, step)
        );

        create table checkpoints (
            job_id     text not null references jobs,
            kind       text not null,
            model      text not null,
            stage      text not null,
            epoch      integer not null,
            step       bigint not null,
            accuracy   double precision,
            sha256     text not null,
            bytes      bigint not null,
            attempt    integer not null,
            created_at timestamptz not null,
            primary key (job_id, kind, step, model)
        );
        create index checkpoints_sha256 on checkpoints (sha256);
        -- The one state to go on from; a newer one replaces it.
        create unique index checkpoints_resume on checkpoints (job_id) where kind = 'resume';

        create table artifacts (
            job_id     text not null references jobs,
            name       text not null,
            media_type text not null,
            sha256     text not null,
            bytes      bigint not null,
            attempt    integer not null,
            created_at timestamptz not null,
            primary key (job_id, name)
        );
        create index artifacts_sha256 on artifacts (sha256);

        create table nodes (
            id           text primary key,
            host         text not null,
            lease_holder text not null,
            slots        jsonb not null,
            version      text not null,
            started_at   timestamptz not null,
            seen_at      timestamptz not null
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("drop table nodes, artifacts, checkpoints, metric_points, job_events, attempts, jobs;");
}
