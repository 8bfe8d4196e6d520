# The environment is built in one image and carried into another, which has neither its build tools nor its cache.
FROM python:3.13-slim AS build
RUN python -m venv /opt/plexus
WORKDIR /build
# What the packages depend on, and no more: a change of our own code does not install them anew.
COPY pyproject.toml README.md LICENSE ./
RUN /opt/plexus/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin plexus \
    && install -d -o plexus -g plexus /data
COPY --from=build /opt/plexus /opt/plexus
WORKDIR /app
COPY manage.py ./
COPY plexus_site plexus_site
COPY gateway gateway
COPY routing routing
COPY providers providers
COPY history history
COPY templates templates
# The root file system is read-only at work, so Python could not keep these itself.
RUN /opt/plexus/bin/python -m compileall -q .
ENV PATH=/opt/plexus/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PLEXUS_NO_BOOTSTRAP=1 \
    PLEXUS_ENV_FILE= \
    PLEXUS_DATA_DIR=/data
VOLUME /data
USER plexus
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:4000/livez', timeout=3)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "4000"]
