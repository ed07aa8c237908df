-- VMs that were refused for the days that they are paid, which a worker counted by its own clock. Hostinger is asked again
-- before anybody gets one.
UPDATE vps_give_ups SET unusable_because = NULL
WHERE reused_by IS NULL AND unusable_because LIKE 'it is paid until 2%' AND paid_until > clock_timestamp();
