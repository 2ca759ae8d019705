-- Makes the documented problem of the `google.rpc.Status` that the transcoder printed.

local PROBLEM = '{"type":"%s","code":"%s","status":%d,"message":%s,"retryable":%s,"traceId":"%s"%s}'

local function camel_case(path)
  return '"field":"' .. path:gsub("_(%w)", string.upper) .. '"'
end

-- Returns the faults of the request as documented. They are the last detail of a status.
local function details_of(status)
  local violations = status:match('"fieldViolations":(%[{.*}%])}%]}$')
  return violations and ',"details":' .. violations:gsub('"field":"([^"]*)"', camel_case) or ""
end

-- Returns the seconds of the `RetryInfo` detail, rounded up, or nil.
local function wait_of(status)
  local seconds = status:match('"retryDelay":"([%d.]+)s"')
  return seconds and math.ceil(tonumber(seconds))
end

-- Returns the code of the problem. A status that is not the api's own, but its transport's, has no reason, and that of a
-- newer api may have one that is not known here: such a one is told by its gRPC code.
local function code_of(status)
  local reason = status:match('"reason":"([A-Z_]+)"')
  return PROBLEMS[reason] and reason or DEFAULT_CODES[status:match('"code":(%d+)')] or "INTERNAL_ERROR"
end

-- Returns the message as JSON, if it is the api's own.
local function message_of(status)
  local _, opening = status:find('"message":"', 1, true)
  return opening and status:find('"reason"', 1, true) and status:sub(opening, end_of_string(status, opening))
end

-- Returns the body and the HTTP status of the problem, and how many seconds to wait where that is said.
function problem_of(status, trace_id)
  local code = code_of(status)
  local known = PROBLEMS[code]
  local body = PROBLEM:format(known.type, code, known.status, message_of(status) or known.message, known.retryable,
    trace_id, details_of(status))
  local wait = wait_of(status) or known.status == 503 and 1
  return body, known.status, wait or nil
end
