// pabal config ...
#include <cstdio>

#include "app/commands.h"
#include "app/place.h"
#include "app/printing.h"

namespace pabal::app {

ExitCode run_config_check(const Invocation& invocation, const Method&) {
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), invocation.global.json);
  if (invocation.global.json) {
    std::printf("%s\n", Json::object({{"file", place->file.string()}, {"ok", true}}).to_text().c_str());
  } else if (place->file.empty()) {
    std::printf("There is no configuration file; all options have their defaults.\n");
  } else {
    std::printf("%s has no faults.\n", place->file.c_str());
  }
  return ExitCode::kOk;
}

ExitCode run_config_show(const Invocation& invocation, const Method&) {
  const ConfigSchema schema(protocols_served());
  const auto place = find_place(schema, invocation.global);
  if (!place) return print_faults(place.error(), invocation.global.json);
  if (!invocation.global.json) {
    std::fputs(schema.show(place->config).c_str(), stdout);
    return ExitCode::kOk;
  }
  Json options = Json::array();
  for (const ConfigEntry& entry : schema.entries(place->config)) {
    Json option = Json::object({{"name", entry.name}, {"value", entry.value}});
    if (entry.line > 0) option.set("line", entry.line);
    options.push(std::move(option));
  }
  std::printf(
      "%s\n",
      Json::object({{"file", place->file.string()}, {"options", std::move(options)}}).to_text().c_str());
  return ExitCode::kOk;
}

ExitCode run_config_reference(const Invocation& invocation, const Method&) {
  const ConfigSchema schema(protocols_served());
  const bool markdown = invocation.params.find("markdown") != nullptr;
  std::fputs((markdown ? schema.reference_markdown() : schema.reference_toml()).c_str(), stdout);
  return ExitCode::kOk;
}

ExitCode run_completion(const Invocation& invocation, const Method&) {
  const auto script = completion_script(*invocation.params.find("shell")->as_text());
  if (!script) return print_error(script.error(), invocation.global.json);
  std::fputs(script->c_str(), stdout);
  return ExitCode::kOk;
}

}  // namespace pabal::app
