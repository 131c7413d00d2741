// What systemd is told, if it is there (sd_notify(3)). Without it every call does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace pabal::app {

class ServiceManager {
 public:
  /// How often it wants to hear that we are alive; nothing if it does not ask.
  std::optional<std::chrono::milliseconds> watchdog_interval() const;

  void ready(std::string_view status) const;
  /// Ends with ready().
  void reloading() const;
  void stopping() const;
  void alive() const;
};

}  // namespace pabal::app
