using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Schedules and their runs.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260102000000_Schedules")]
internal sealed class Schedules : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table schedules (
            id              text primary key,
            spec            jsonb not null,
            idempotency_key text unique,
            request_digest  text not null,
            next_run_at     timestamptz,
            last_run        integer not null default 0,
            created_at      timestamptz not null
        );
        create index schedules_due on schedules (next_run_at);

        create table schedule_runs (
            schedule_id  text not null references schedules on delete cascade,
            number       integer not null,
            manual       boolean not null,
            scheduled_at timestamptz not null,
            seed_offset  integer,
            outcome      text not null check (outcome in ('pending', 'skipped', 'submitted', 'refused')),
            reason       text,
            job_id       text references jobs,
            primary key (schedule_id, number)
        );
        -- A firing is one run, whoever records it.
        create unique index schedule_runs_firing on schedule_runs (schedule_id, scheduled_at) where not manual;
        create index schedule_runs_pending on schedule_runs (schedule_id, number) where outcome = 'pending';
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table schedule_runs, schedules;");
}
