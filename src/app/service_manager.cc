#include "app/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <string>

namespace pabal::app {
namespace {

// Nobody to tell is no failure, and there is nobody else to tell of one.
void notify(const std::string& message) { (void)::sd_notify(0, message.c_str()); }

// Pairs the message with the reload that was asked for (systemd 253 and later).
std::uint64_t monotonic_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

std::optional<std::chrono::milliseconds> ServiceManager::watchdog_interval() const {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
}

void ServiceManager::ready(std::string_view status) const {
  notify(fmt::format("READY=1\nSTATUS={}", status));
}
void ServiceManager::reloading() const {
  notify(
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the configuration again", monotonic_us()));
}
void ServiceManager::stopping() const { notify("STOPPING=1\nSTATUS=Finishing sessions"); }
void ServiceManager::alive() const { notify("WATCHDOG=1"); }

}  // namespace pabal::app
