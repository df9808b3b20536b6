# The service, the trainer and kd on Debian's libtorch (CPU).
FROM debian:12-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl g++ cmake make libicu72 libtorch-dev
RUN curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 --install-dir /usr/share/dotnet
ENV PATH=$PATH:/usr/share/dotnet
WORKDIR /src
COPY . .
RUN for project in Api Trainer Cli; do dotnet publish src/KdService.$project --configuration Release --output /app || exit 1; done

FROM debian:12-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates curl libtorch1.13 libopenblas0-openmp libgomp1 \
  && curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 --runtime aspnetcore --install-dir /usr/share/dotnet \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --create-home kd && install -d -o kd /data
ENV DOTNET_ROOT=/usr/share/dotnet PATH=$PATH:/usr/share/dotnet:/app Urls=http://0.0.0.0:5080 Kd__StateDirectory=/data DOTNET_GCgen0size=0x1000000
COPY --from=build /app /app
USER kd
VOLUME /data
EXPOSE 5080
ENTRYPOINT ["/app/kd-service"]
