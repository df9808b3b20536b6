using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Benchmarks, their rows and their cells.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260601000000_Benchmarks")]
internal sealed class Benchmarks : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table benchmarks (
            id              text primary key,
            name            text not null,
            labels          jsonb not null,
            spec            jsonb not null,
            baseline        text not null,
            max_running     integer,
            idempotency_key text unique,
            request_digest  text not null,
            created_at      timestamptz not null,
            cancelled_at    timestamptz
        );

        create table benchmark_rows (
            benchmark_id  text not null references benchmarks,
            number        integer not null,
            label         text not null,
            method        text not null,
            student       text not null,
            options       jsonb not null,
            parameters    bigint not null,
            multiply_adds bigint not null,
            primary key (benchmark_id, number)
        );

        create table benchmark_cells (
            benchmark_id text not null references benchmarks,
            number       integer not null,
            row_number   integer not null,
            seed         bigint not null,
            spec         jsonb not null,
            job_id       text references jobs,
            primary key (benchmark_id, number),
            foreign key (benchmark_id, row_number) references benchmark_rows
        );
        create index benchmark_cells_planned on benchmark_cells (benchmark_id) where job_id is null;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("drop table benchmark_cells, benchmark_rows, benchmarks;");
}
