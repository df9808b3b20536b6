return await KdService.Cli.Commands.CommandLine.Run(args);
