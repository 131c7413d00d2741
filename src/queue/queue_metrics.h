// What the queue counts. Recipients, not letters.
#pragma once

#include "base/metrics.h"

namespace pabal::queue {

struct QueueMetrics {
  explicit QueueMetrics(Metrics& metrics)
      : queued(metrics.counter("pabal_queue_queued_total", "Recipients put into the queue")),
        relayed(metrics.counter("pabal_queue_relayed_total", "Recipients whose letter another host took")),
        deferred(metrics.counter("pabal_queue_deferred_total", "Recipients that were put off")),
        failed(metrics.counter("pabal_queue_failed_total", "Recipients whose letter will not arrive")),
        reports(metrics.counter("pabal_queue_reports_total", "Reports sent to senders")),
        in_flight(metrics.gauge("pabal_queue_in_flight", "Attempts under way")) {}

  Counter& queued;
  Counter& relayed;
  Counter& deferred;
  Counter& failed;
  Counter& reports;
  Gauge& in_flight;
};

}  // namespace pabal::queue
