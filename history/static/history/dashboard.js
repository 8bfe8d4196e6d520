// Draws what history/charts.py put into the page, with the Chart.js that unfold brings.
(() => {
  const drawn = JSON.parse(document.getElementById("dashboard-charts").textContent);
  const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--px-${name}`).trim();

  const short = (number) => {
    const [size, unit] = [[1e9, " G"], [1e6, " M"], [1e4, " k"]].find(([least]) => Math.abs(number) >= least) || [1, ""];
    return `${+(number / (unit === " k" ? 1e3 : size)).toPrecision(3)}${unit}`;
  };
  const written = {
    count: short,
    ms: (number) => (number >= 1000 ? `${+(number / 1000).toPrecision(3)} s` : `${+number.toPrecision(3)} ms`),
    usd: (number) => `$${number === 0 || number >= 1 ? number.toLocaleString("en", { maximumFractionDigits: 2 }) : +number.toPrecision(3)}`,
  };

  const datasetOf = (chart) => ([label, data], index) => ({
    label,
    data,
    colour: chart.colours[index],
    borderWidth: chart.kind === "line" ? 2 : 0,
    borderRadius: 2,
    maxBarThickness: 28,
    categoryPercentage: 0.85,
    barPercentage: 0.9,
    pointRadius: data.filter((number) => number !== null).length < 3 ? 3 : 0,
    pointHitRadius: 12,
    cubicInterpolationMode: "monotone", // no curve below what was measured
    spanGaps: false,
  });

  const draw = (chart) => {
    const isBar = chart.kind === "bar";
    const write = written[chart.unit];
    return new Chart(document.querySelector(`canvas[data-chart="${chart.name}"]`), {
      type: chart.kind,
      data: { labels: drawn.labels, datasets: Object.entries(chart.series).map(datasetOf(chart)) },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { display: false },
          tooltip: {
            usePointStyle: true,
            filter: (item) => item.parsed.y !== null,
            callbacks: { label: (item) => ` ${item.dataset.label}: ${write(item.parsed.y)}` },
          },
        },
        scales: {
          x: { stacked: isBar, grid: { display: false }, border: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 18 } },
          y: {
            stacked: isBar,
            beginAtZero: true,
            suggestedMax: chart.unit === "count" ? 4 : undefined,
            border: { display: false },
            ticks: { maxTicksLimit: 5, callback: (value) => write(value) },
          },
        },
      },
    });
  };

  const paint = (chart) => {
    const [text, line] = [colourOf("quiet"), colourOf("line")];
    for (const dataset of chart.data.datasets) {
      dataset.backgroundColor = dataset.borderColor = dataset.hoverBackgroundColor = colourOf(dataset.colour);
    }
    chart.options.scales.x.ticks.color = chart.options.scales.y.ticks.color = text;
    chart.options.scales.y.grid.color = line;
    chart.update();
  };

  Chart.defaults.font.family = "Inter, sans-serif";
  Chart.defaults.font.size = 11;
  const charts = drawn.charts.map(draw);
  charts.forEach(paint);
  new MutationObserver(() => charts.forEach(paint)).observe(document.documentElement, { attributeFilter: ["class"] });
})();
