// The small change of telling: times, sizes and lists in words, and sentences put together. Everything that
// strangers said passes through harmless() here. Pure; any thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "journey/event.h"

namespace pabal::journey::detail {

/// Control characters, direction marks and what is no UTF-8, made visible; a line break becomes " / ".
std::string harmless(std::string_view text);

std::string clock_of(WallTime time);   ///< "12:31:07.123"
std::string date_of(WallTime time);    ///< "2026-11-21"
std::string moment_of(WallTime time);  ///< "2026-11-21 12:31:07 UTC"
/// An RFC 3339 time as said on the day `at`: without the date if it is the same.
std::string moment_of(std::string_view rfc3339, WallTime at);
std::string duration_of(std::chrono::microseconds duration);
std::string size_of(std::string_view bytes);
std::string capitalized(std::string text);
/// Of many, the first few by name, and how many others.
std::string list_of(const std::vector<std::string_view>& items);

/// Sentences one after the other. What somebody said word for word ends without our full stop, unless more
/// follows.
class Text {
 public:
  Text() = default;
  explicit Text(std::string first) : text_(std::move(first)) { end(); }
  static Text quoting(std::string first) {
    Text text;
    text.text_ = std::move(first);
    return text;
  }
  // Nothing is added for an empty sentence.
  Text& add(std::string_view sentence) {
    quote(sentence);
    if (!sentence.empty()) end();
    return *this;
  }
  Text& quote(std::string_view sentence) {
    if (sentence.empty()) return *this;
    end();
    if (!text_.empty()) text_ += ' ';
    text_ += sentence;
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  bool ended() const { return text_.empty() || std::string_view(".!?").contains(text_.back()); }
  void end() {
    if (!ended()) text_ += '.';
  }
  std::string text_;
};

/// What an event's sentences are made of. Each answer is empty if the event does not say.
class Said {
 public:
  explicit Said(const Event& event) : event_(event) {}

  bool has(FactName name) const { return !event_.find(name).empty(); }
  std::string get(FactName name) const { return harmless(event_.find(name)); }
  std::string get_or(FactName name, std::string_view otherwise) const;
  /// The fact with words around it.
  std::string around(std::string_view before, FactName name, std::string_view after = "") const;
  /// All facts of that name.
  std::string list(FactName name) const;
  std::string recipients(std::string_view before) const;
  std::string sender(std::string_view before) const;
  /// Whoever it was about: the recipients, or else the domain.
  std::string whom(std::string_view before) const;
  /// Whoever did it, at the beginning of a sentence: a name, or words such as "an operator".
  std::string by(std::string_view after) const;
  std::string next_try(std::string_view before) const;
  /// All reasons, as sentences.
  std::string reasons() const;
  /// Those that do not repeat word for word what the other side said.
  std::string reasons_beside_reply() const;
  /// "mx.example.org said: 451 later", unless a reason repeats it.
  std::string reply_beside_reasons() const;

 private:
  const Event& event_;
};

}  // namespace pabal::journey::detail
