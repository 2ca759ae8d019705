-- What reading JSON without parsing it needs.

-- Returns where the string that opens at `position` closes, or nil when it does not. A quote belongs to the string when
-- an odd number of backslashes stands before it.
local function end_of_string(text, position)
  local closing = position
  repeat
    closing = text:find('"', closing + 1, true)
    if not closing then return nil end
    local before = closing - 1
    while text:byte(before) == 92 do before = before - 1 end
  until (closing - before) % 2 == 1
  return closing
end
