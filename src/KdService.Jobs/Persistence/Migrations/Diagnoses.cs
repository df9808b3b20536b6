using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Jobs may diagnose finished ones.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260702000000_Diagnoses")]
internal sealed class Diagnoses : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table jobs add column diagnoses_job_id text references jobs;

        -- A job has one diagnosis, until that fails or is cancelled.
        create unique index jobs_live_diagnosis on jobs (diagnoses_job_id) where state not in ('failed', 'cancelled');
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("alter table jobs drop column diagnoses_job_id;");
}
