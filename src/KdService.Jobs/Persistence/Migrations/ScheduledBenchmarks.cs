using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Runs of schedules may be benchmarks.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260701000000_ScheduledBenchmarks")]
internal sealed class ScheduledBenchmarks : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("alter table schedule_runs add column benchmark_id text references benchmarks;");

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("alter table schedule_runs drop column benchmark_id;");
}
