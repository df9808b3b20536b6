using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdService.Jobs.Persistence.Migrations;

/// <summary>Models that users import.</summary>
[DbContext(typeof(JobsDbContext))]
[Migration("20260703000000_Models")]
internal sealed class Models : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table models (
            id text primary key,
            name text not null,
            -- Of the files: importing a folder again is no second model.
            digest text not null unique,
            -- What is known of it, its files in the artifact store included.
            facts jsonb not null,
            created_at timestamptz not null default now()
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table models;");
}
