#include "test/bench/etcd/load_report.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "test/integration/process.h"

namespace baton::bench {
namespace {

using Json = nlohmann::json;

Status Refuse(const std::string& what) { return Status(Code::kInvalidArgument, what); }

template <typename Number>
Status ReadNumber(const Json& report, const std::string& pointer, Number* number) {
  const Json::json_pointer at(pointer);
  if (!report.contains(at) || !report.at(at).is_number()) {
    return Refuse("no number " + pointer);
  }
  *number = report.at(at).get<Number>();
  return Status::Ok();
}

}  // namespace

Result<LoadReport> ParseLoadReport(std::string_view text, const std::string& latency) {
  const size_t begin = text.starts_with('{') ? 0 : text.rfind("\n{");
  if (begin == std::string_view::npos) return Refuse("no JSON object");
  const Json json = Json::parse(text.substr(begin), nullptr, false);
  if (!json.is_object()) return Refuse("no JSON object");
  LoadReport report;
  BATON_RETURN_IF_ERROR(ReadNumber(json, "/operations", &report.operations));
  BATON_RETURN_IF_ERROR(ReadNumber(json, "/errors_total", &report.errors));
  BATON_RETURN_IF_ERROR(ReadNumber(json, "/operations_per_s", &report.rate_per_s));
  const std::string at = "/latency/" + latency;
  BATON_RETURN_IF_ERROR(ReadNumber(json, at + "/p50_us", &report.p50_us));
  BATON_RETURN_IF_ERROR(ReadNumber(json, at + "/p99_us", &report.p99_us));
  BATON_RETURN_IF_ERROR(ReadNumber(json, at + "/max_us", &report.max_us));
  return report;
}

Result<LoadReport> RunLoad(const std::vector<std::string>& arguments, const std::string& latency,
                           int64_t timeout_ms) {
  const integration::TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  integration::Process process = integration::Process::Start(arguments, output);
  const std::optional<int> exit_code = process.Wait(timeout_ms);
  if (!exit_code.has_value()) {
    process.Kill();
    return Status(Code::kDeadlineExceeded, arguments[0] + " does not end");
  }
  const std::string text = integration::ReadFile(output);
  if (*exit_code != 0) return Status(Code::kUnavailable, arguments[0] + ": " + text);
  return ParseLoadReport(text, latency);
}

}  // namespace baton::bench
