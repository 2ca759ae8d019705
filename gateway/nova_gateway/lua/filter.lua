-- What Envoy calls: `envoy_on_request` before the transcoder, `envoy_on_response` after it. The latter also sees the
-- answers that Envoy makes itself.

for _, shape in pairs(SHAPES) do
  for _, field in ipairs(shape) do field.shape = SHAPES[field.message] end
end

-- Headers that mean something between Envoy and the api, and nothing when a caller sends them.
local function is_internal(name)
  return name:find("^x%-envoy%-") or name:find("^grpc%-") or name:find("^nova%-")
end

-- What gRPC cannot carry as metadata: it refuses the whole call. Nothing that is served has a use for such a header.
local function is_no_metadata(name)
  return not name:find("^:?[%w_.-]+$") or name:find("%-bin$")
end

local function remove_all(headers, names)
  for _, name in ipairs(names) do headers:remove(name) end
end

local function remove_internal(headers)
  local names = {}
  for name in pairs(headers) do
    if is_internal(name) then names[#names + 1] = name end
  end
  remove_all(headers, names)
end

-- Leaves of a caller's headers what the api may see. Of a value that is no UTF-8 gRPC would write an error to the log, so
-- it becomes one that is, and that is still none that the api takes.
local function clean(headers)
  local names, broken = {}, {}
  for name, value in pairs(headers) do
    if is_internal(name) or is_no_metadata(name) then
      names[#names + 1] = name
    elseif not is_utf_8(value) and name:byte() ~= 58 then
      broken[name] = value:gsub("[\128-\255]", "\239\191\189")
    end
  end
  remove_all(headers, names)
  for name, value in pairs(broken) do headers:replace(name, value) end
end

local function body_fault(handle, operation)
  local headers = handle:headers()
  local media_type = (headers:get("content-type") or ""):match("^%s*([^;%s]*)"):lower()
  if media_type ~= "application/json" then return "Content-Type=invalid:application/json" end
  local encoding = headers:get("content-encoding") or "identity"
  if encoding:lower() ~= "identity" then return "Content-Encoding=invalid:identity" end
  local body = handle:body(true)
  return check_request(body:getBytes(0, body:length()), operation.request)
end

-- Of a request that has no use for a body the transcoder would read it all the same.
local function drop_body(handle)
  local body = handle:body()
  if body then body:setBytes("") end
  handle:headers():remove("content-type")
end

-- Lets the api refuse the request, so that the key, the rate limit and the tenant are looked at first. It is told the
-- faults in a header, and gets an empty message.
local function pass_on(handle, faults, operation)
  if operation.request then handle:body(true):setBytes("{}") end
  local headers = handle:headers()
  headers:replace("nova-request-faults", faults)
  headers:replace(":path", (headers:get(":path"):gsub("%?.*", "")))
  if operation.request then headers:replace("content-type", "application/json") end
end

local function faults_of(handle, operation, path, query)
  local faults = path_fault(path) or check_query(query, operation.query)
  return faults or operation.request and body_fault(handle, operation)
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local trace_id = headers:get("x-request-id"):gsub("-", "")
  handle:streamInfo():dynamicMetadata():set("nova", "trace_id", trace_id)
  local operation = OPERATIONS[handle:streamInfo():routeName()]
  local path, query = headers:get(":path"):match("^([^?]*)%??(.*)$")
  local over_grpc = not operation or path == operation.grpc_path
  if over_grpc then return headers:remove("nova-request-faults") end
  clean(headers)
  if not operation.request then drop_body(handle) end
  local faults = faults_of(handle, operation, path, query)
  if faults then pass_on(handle, faults, operation) end
end

local function answer(handle, status, body, content_type)
  local length = handle:body(true):setBytes(body)
  local headers = handle:headers() -- those from before `body` are dead
  headers:replace(":status", tostring(status))
  headers:replace("content-type", content_type)
  headers:replace("content-length", tostring(length))
  return headers
end

-- Takes the trailers from an answer, which are metadata of the api's, and returns those that callers are told in headers.
local function take_trailers(handle)
  local trailers, names, told = handle:trailers(), {}, {}
  if not trailers then return told end
  for name, value in pairs(trailers) do
    names[#names + 1] = name
    if TOLD_TRAILERS[name] then told[name] = value end
  end
  remove_all(trailers, names)
  return told
end

local function succeed(handle, operation, body, told)
  local headers = answer(handle, operation.success, complete(body, SHAPES[operation.response]), "application/json")
  for name, value in pairs(told) do headers:replace(name, value) end
end

local function fail(handle, body, trace_id)
  local problem, status, wait = problem_of(body, trace_id)
  local headers = answer(handle, status, problem, "application/problem+json")
  if wait then headers:replace("retry-after", tostring(wait)) end
end

-- Makes the documented body of what the transcoder printed. What Envoy answers by itself has the type of a problem.
local function rewrite(handle, operation, trace_id)
  local succeeded = handle:headers():get(":status") == "200"
  local body = handle:body(true)
  body = body:getBytes(0, body:length())
  local told = take_trailers(handle) -- they are there, because the body is complete
  if succeeded then succeed(handle, operation, body, told) else fail(handle, body, trace_id) end
end

function envoy_on_response(handle)
  local known = handle:streamInfo():dynamicMetadata():get("nova")
  if not known then return end
  local operation = OPERATIONS[handle:streamInfo():routeName()]
  if operation and handle:headers():get("content-type") == "application/json" then
    rewrite(handle, operation, known.trace_id)
    remove_internal(handle:headers())
  end
  local headers = handle:headers()
  headers:remove("x-envoy-upstream-healthchecked-cluster")
  headers:replace("x-trace-id", known.trace_id)
end
